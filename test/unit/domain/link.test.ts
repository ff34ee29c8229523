import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileRefusedError } from '../../../lambdas/relay/domain/errors.ts';
import type { Failure } from '../../../lambdas/relay/domain/failure.ts';
import {
  isLinkable,
  type LinkMessage,
  linkBelow,
  linkKey,
  linkReasonOf,
  linkText,
} from '../../../lambdas/relay/domain/link.ts';
import { deliveryIdOf, START } from '../../helpers/factories.ts';

const MIB = 1024 ** 2;

describe('a link below a base URL', () => {
  it.each([
    ['https://files.example.com', 'a/b.pdf', 'https://files.example.com/a/b.pdf'],
    ['https://files.example.com/', 'a/b.pdf', 'https://files.example.com/a/b.pdf'],
    ['https://files.example.com/x', 'a b+c%20.pdf', 'https://files.example.com/x/a%20b%2Bc%2520.pdf'],
    ['https://files.example.com', 'a?x=1&msg=ID#top', 'https://files.example.com/a%3Fx%3D1%26msg%3DID%23top'],
    ['https://files.example.com', '/a//b/', 'https://files.example.com//a//b/'],
    ['https://files.example.com', "it's (1) *~!.txt", 'https://files.example.com/it%27s%20%281%29%20%2A%7E%21.txt'],
    ['https://files.example.com', 'a\r\n\u0000\u202eb', 'https://files.example.com/a%0D%0A%00%E2%80%AEb'],
    ['https://files.example.com', 'a\\..\\b', 'https://files.example.com/a%5C..%5Cb'],
    ['https://files.example.com', '日本/é.txt', 'https://files.example.com/%E6%97%A5%E6%9C%AC/%C3%A9.txt'],
    ['https://files.example.com/(a)', 'b', 'https://files.example.com/%28a%29/b'],
  ])('%s of the key %j is %s', (baseUrl, key, url) => {
    expect(linkBelow(baseUrl, key)).toBe(url);
  });

  it('is a URL of the same host from which every linkable key can be read back, and has no sign of Markdown', () => {
    const keys = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }).filter((key) => key.isWellFormed());
    fc.assert(
      fc.property(keys, (key) => {
        fc.pre(isLinkable(key));
        const link = linkBelow('https://files.example.com/base', key);
        expect(link).toMatch(/^[\w.:/%-]+$/);
        const { host, pathname, search, hash } = new URL(link);
        expect([host, search, hash]).toEqual(['files.example.com', '', '']);
        expect(decodeURIComponent(pathname)).toBe(`/base/${key}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['..', 'a/../b', './a', 'a/.', '../../secret'])(
    'cannot name the key %j, which a browser would change',
    (key) => {
      expect(isLinkable(key)).toBe(false);
      expect(new URL(linkBelow('https://files.example.com/base', key)).pathname).not.toBe(`/base/${key}`);
    },
  );

  it.each(['a..b', '...', '..a/b', 'a/..b'])('can name the key %j', (key) => {
    expect(isLinkable(key)).toBe(true);
  });
});

describe('a link is posted in place of a file', () => {
  it.each<[Failure['kind'], Failure['reason'], string | undefined]>([
    ['refused', 'FILE_TOO_LARGE', 'FILE_TOO_LARGE'],
    ['refused', 'MEDIA_TYPE_REFUSED', 'MEDIA_TYPE_REFUSED'],
    ['refused', 'EMPTY_FILE', 'EMPTY_FILE'],
    ['refused', 'APP_PREVENTED', undefined],
    ['refused', 'MALWARE_FOUND', undefined],
    ['refused', 'OBJECT_ARCHIVED', undefined],
    ['misconfigured', 'UPLOADS_DISABLED', undefined],
    ['transient', 'CHAT_ERROR', undefined],
  ])('after a failure that is %s with %s: %s', (kind, reason, link) => {
    expect(linkReasonOf({ kind, reason, detail: '' } as Failure)).toBe(link);
  });
});

describe('the message with a link', () => {
  const message = (overrides: Partial<LinkMessage> = {}): LinkMessage => ({
    caption: () => 'New scan',
    url: 'https://files.example.com/a.bin',
    reason: 'FILE_TOO_LARGE',
    sizeBytes: 120 * MIB,
    ...overrides,
  });

  it.each<[string, Partial<LinkMessage>, number | undefined, string]>([
    ['too large', {}, 100 * MIB, 'it is too large for this server: 120 MiB, limit 100 MiB.'],
    ['too large for a limit that is not known', {}, undefined, 'it is too large for this server: 120 MiB.'],
    ['too large for a proxy', {}, 500 * MIB, 'it is too large for this server: 120 MiB.'],
    [
      'of a refused type',
      { reason: 'MEDIA_TYPE_REFUSED' },
      undefined,
      'it is of a type that this server does not accept.',
    ],
    ['empty', { reason: 'EMPTY_FILE', sizeBytes: 0 }, undefined, 'it is empty, and this server takes no empty files.'],
  ])('says that the file is %s', (_, overrides, maxFileSizeBytes, text) => {
    expect(linkText(message(overrides), { maxFileSizeBytes })).toBe(
      `New scan\nThe file is not attached: ${text}\n[Download the file](https://files.example.com/a.bin)`,
    );
  });

  it('says when a presigned link ends at the latest, and that it may end earlier', () => {
    const text = linkText(message({ endsAt: START + 3_600_000 }), {});
    expect(text).toContain(
      'The link works until 2026-03-05 10:30 UTC at the latest. It ends earlier if the credentials',
    );
  });

  it('asks for a caption that fits, and has none if it does not', () => {
    const asked: number[] = [];
    const caption = (maxLength: number) => {
      asked.push(maxLength);
      return 'x'.repeat(maxLength);
    };
    const text = linkText(message({ caption }), { maxMessageLength: 300 });
    expect([text.length, asked.length]).toEqual([300, 1]);
    const long = linkText(message({ caption: () => 'x'.repeat(300) }), { maxMessageLength: 300 });
    expect(long.startsWith('The file is not attached')).toBe(true);
    expect(long).toContain('](https://files.example.com/a.bin)');
  });

  it('is refused if the link alone is longer than the server allows', () => {
    const post = () =>
      linkText(message({ url: `https://files.example.com/${'x'.repeat(300)}` }), { maxMessageLength: 200 });
    expect(post).toThrow(FileRefusedError);
    expect(post).toThrow(/a link has \d+ characters; the server's limit is 200/);
  });

  it('has one key for each version, room and object', () => {
    const ids = [
      deliveryIdOf(),
      deliveryIdOf({ roomId: 'OTHER' }),
      deliveryIdOf({ key: 'other' }),
      deliveryIdOf({ bucket: 'other' }),
      deliveryIdOf({ sequencer: '0069A94D181F3A9C43' }),
      deliveryIdOf({ sequencer: undefined }),
      deliveryIdOf({ sequencer: undefined, eTag: 'other' }),
    ];
    expect(new Set(ids.map(linkKey)).size).toBe(ids.length);
    expect(linkKey(deliveryIdOf())).toBe(linkKey(deliveryIdOf({ eTag: 'the same event without it' })));
  });
});
