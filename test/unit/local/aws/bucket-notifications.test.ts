import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../lambdas/relay/domain/s3-event.ts';
import {
  createNotifier,
  createUploadEvents,
  formEncode,
  type UploadedObject,
} from '../../../../lib/local/aws/bucket-notifications.ts';

const anObject = (changes: Partial<UploadedObject> = {}): UploadedObject => ({
  bucket: 'uploads',
  key: 'file.txt',
  eventName: 'ObjectCreated:Put',
  eTag: 'd41d8cd98f00b204e9800998ecf8427e',
  sizeBytes: 3,
  ...changes,
});

describe('formEncode', () => {
  it.each([
    ['a b+c.txt', 'a+b%2Bc.txt'],
    ['100%.txt', '100%25.txt'],
    ['folder/Café.txt', 'folder/Caf%C3%A9.txt'],
    ["it's (1)!*.txt", 'it%27s+%281%29%21*.txt'],
  ])('encodes %j as S3 does', (key, encoded) => {
    expect(formEncode(key)).toBe(encoded);
  });
});

describe('createUploadEvents', () => {
  it('calls for one upload after the other', async () => {
    let release = () => {};
    const isHeld = new Promise<void>((resolve) => {
      release = resolve;
    });
    const keys: string[] = [];
    const uploads = createUploadEvents(async ({ key }) => {
      if (key === 'first.txt') await isHeld;
      keys.push(key);
    });
    uploads.add(anObject({ key: 'first.txt' }));
    uploads.add(anObject({ key: 'second.txt' }));
    release();
    await uploads.flush();
    expect(keys).toEqual(['first.txt', 'second.txt']);
  });

  it('goes on after a failure, which the next flush throws once', async () => {
    const keys: string[] = [];
    const uploads = createUploadEvents(async ({ key }) => {
      keys.push(key);
      if (key === 'a.txt') throw new Error('no');
    });
    uploads.add(anObject({ key: 'a.txt' }));
    uploads.add(anObject({ key: 'b.txt' }));
    await expect(uploads.flush()).rejects.toThrow('no');
    await uploads.flush();
    expect(keys).toEqual(['a.txt', 'b.txt']);
  });
});

describe('createNotifier', () => {
  const notify = createNotifier({ region: 'eu-central-1', now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) });

  it('makes messages that the relay parses into the same object', () => {
    const key = 'Jahr 2026/Größe + 100% [a].txt';
    const event = parseEvent(notify(anObject({ key, sizeBytes: 42 })));
    expect(event).toMatchObject({
      kind: 'objects',
      objects: [
        {
          bucket: 'uploads',
          key,
          sizeBytes: 42,
          eTag: 'd41d8cd98f00b204e9800998ecf8427e',
          createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        },
      ],
      unreadable: [],
    });
  });

  it('gives the versions of a key ascending sequencers of equal length', () => {
    const sequencers = Array.from({ length: 300 }, () => {
      const { Records } = JSON.parse(notify(anObject())) as { Records: { s3: { object: { sequencer: string } } }[] };
      return Records[0]?.s3.object.sequencer ?? '';
    });
    expect(sequencers.every((sequencer) => /^[0-9A-F]{18}$/.test(sequencer))).toBe(true);
    expect([...new Set(sequencers)].sort()).toEqual(sequencers);
  });
});
