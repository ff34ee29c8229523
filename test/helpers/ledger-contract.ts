import { beforeEach, describe, expect, it } from 'vitest';
import {
  crashes,
  type DeliveryId,
  type LedgerChange,
  type LedgerEntry,
  type Upload,
} from '../../lambdas/relay/domain/delivery.ts';
import type { Claim, Ledger } from '../../lambdas/relay/ports.ts';
import { createdObject, deliveryIdOf, leaseOf, START } from './factories.ts';
import { createHandClock, type HandClock } from './hand-clock.ts';

/** Creates the ledger under test, on the test's clock. */
export type MakeLedger = (clock: HandClock) => Promise<Ledger>;

const UPLOAD = { fileId: 'file-1', uploadedAt: START - 500 };
const LEASE_LOST = expect.objectContaining({ name: 'LedgerError', code: 'LEASE_LOST' });

const posted = (messageId: string): LedgerChange => ({ kind: 'posted', messageId, postedAt: START });
const released = (overrides: Partial<LedgerChange & { kind: 'released' }> = {}): LedgerChange => ({
  kind: 'released',
  upload: undefined,
  inDoubt: undefined,
  failed: false,
  retriedForMs: 0,
  lastError: 'CHAT_ERROR',
  ...overrides,
});
const deadLettered = (overrides: Partial<LedgerChange & { kind: 'dead-lettered' }> = {}): LedgerChange => ({
  kind: 'dead-lettered',
  upload: undefined,
  inDoubt: undefined,
  failedAt: START + 1_000,
  lastError: 'FILE_TOO_LARGE',
  ...overrides,
});

/** An entry's fields, without those that an implementation adds. */
const essence = (entry: LedgerEntry | undefined): Partial<LedgerEntry> | undefined => {
  if (entry === undefined) return undefined;
  const { status, leaseOwner, leaseExpiresAt, upload, messageId, postedAt, failedAt, dueAt, inDoubt } = entry;
  const { attempts, releases, failures, failuresByReason, retriedForMs } = entry;
  const all = {
    status,
    leaseOwner,
    leaseExpiresAt,
    upload,
    messageId,
    postedAt,
    failedAt,
    dueAt,
    inDoubt,
    attempts,
    releases,
    failures,
    failuresByReason,
    retriedForMs,
  };
  return JSON.parse(JSON.stringify(all)) as Partial<LedgerEntry>;
};

const objectOf = ({ bucket, key, eTag, sequencer }: DeliveryId) => createdObject({ bucket, key, eTag, sequencer });

const previousOf = (claim: Claim): Partial<LedgerEntry> | undefined => {
  if (claim.kind !== 'claimed') throw new Error(`expected a claim, got ${JSON.stringify(claim)}`);
  return essence(claim.previous);
};

/** The port's contract; every implementation must pass it. */
export const describeLedger = (name: string, makeLedger: MakeLedger): void => {
  describe(`the ledger in ${name}`, () => {
    let clock: HandClock;
    let ledger: Ledger;
    let serial = 0;
    let id: DeliveryId;
    beforeEach(async () => {
      clock = createHandClock();
      ledger = await makeLedger(clock);
      serial += 1;
      id = deliveryIdOf({ key: `reports/${serial}.pdf` });
    });

    const claim = (
      owner: string,
      options: { failedAt?: number | undefined; id?: DeliveryId; lastsMs?: number } = {},
    ) => {
      const { id: target = id, lastsMs, failedAt } = options;
      return ledger.claim(target, leaseOf(owner, clock.now(), lastsMs), { object: objectOf(target), failedAt });
    };

    const claimUploaded = (owner: string, options: { upload?: Upload; id?: DeliveryId; lastsMs?: number } = {}) => {
      const { id: target = id, lastsMs, upload = UPLOAD } = options;
      const lease = leaseOf(owner, clock.now(), lastsMs);
      return ledger.claimUploaded(target, lease, { object: objectOf(target), upload });
    };

    describe('a link in place of a file', () => {
      const link: Upload = { fileId: 'link', uploadedAt: START, sentAt: START, link: 'FILE_TOO_LARGE' };

      it('is kept in the entry until it is dead-lettered without an upload', async () => {
        await claimUploaded('a', { upload: link });
        await ledger.record(id, 'a', released({ upload: link }));
        expect(previousOf(await claim('b'))?.upload).toEqual(link);
        await ledger.record(id, 'b', deadLettered({ upload: link }));
        clock.advance(2_000);
        expect(previousOf(await claim('c', { failedAt: START + 1_000 }))?.upload).toEqual(link);
        await ledger.record(id, 'c', released({ upload: undefined }));
        await ledger.record(id, previousOf(await claim('d'))?.upload === undefined ? 'd' : '', {
          kind: 'uploaded',
          upload: UPLOAD,
        });
        clock.advance(120_000);
        expect(previousOf(await claim('e'))?.upload).toEqual(UPLOAD);
      });
    });

    describe('claim', () => {
      it('claims a new entry', async () => {
        expect(previousOf(await claim('a'))).toBeUndefined();
      });

      it('claims for exactly one of fifty deliveries at the same time', async () => {
        const claims = await Promise.all(Array.from({ length: 50 }, (_, index) => claim(`owner-${index}`)));
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
        expect(claims.filter(({ kind }) => kind === 'leased')).toHaveLength(49);
      });

      it('returns the end of the lease to other owners', async () => {
        await claim('a', { lastsMs: 60_000 });
        clock.advance(10_000);
        expect(await claim('b')).toEqual({ kind: 'leased', until: START + 60_000 });
      });

      it('keeps other owners out until the last millisecond of the lease, and not longer', async () => {
        await claim('a', { lastsMs: 60_000 });
        clock.advance(60_000);
        expect((await claim('b')).kind).toBe('leased');
        clock.advance(1);
        const previous = previousOf(await claim('b'));
        expect(previous).toMatchObject({
          status: 'claimed',
          leaseOwner: 'a',
          leaseExpiresAt: START + 60_000,
          attempts: 1,
          releases: 0,
        });
      });

      it('hands an entry with an expired lease to exactly one of fifty deliveries', async () => {
        await claim('dead', { lastsMs: 1_000 });
        clock.advance(1_001);
        const claims = await Promise.all(Array.from({ length: 50 }, (_, index) => claim(`owner-${index}`)));
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      });

      it('counts every claim', async () => {
        for (const owner of ['a', 'b', 'c']) {
          await claim(owner, { lastsMs: 1_000 });
          clock.advance(1_001);
        }
        expect(previousOf(await claim('d'))).toMatchObject({ leaseOwner: 'c', attempts: 3, releases: 0 });
      });

      it('succeeds again for the same owner, whose first answer was lost', async () => {
        await claim('a');
        expect(previousOf(await claim('a'))).toMatchObject({ leaseOwner: 'a', attempts: 1 });
        await expect(ledger.record(id, 'a', posted('message-1'))).resolves.toBeUndefined();
      });

      it('has separate entries for versions, rooms and buckets', async () => {
        await claim('a');
        expect((await claim('b', { id: { ...id, roomId: 'OTHER' } })).kind).toBe('claimed');
        expect((await claim('b', { id: { ...id, sequencer: '0069A94D181F3A9C43' } })).kind).toBe('claimed');
        expect((await claim('b', { id: { ...id, sequencer: undefined } })).kind).toBe('claimed');
        expect((await claim('b', { id: { ...id, sequencer: undefined, eTag: 'x' } })).kind).toBe('claimed');
        expect((await claim('b', { id: { ...id, bucket: 'other' } })).kind).toBe('claimed');
      });

      it('ignores the eTag of an object with a sequencer', async () => {
        await claim('a');
        expect((await claim('b', { id: { ...id, eTag: 'something else' } })).kind).toBe('leased');
      });

      it.each(['ä'.repeat(512), '🏔'.repeat(256), 'a'.repeat(1024), '照'.repeat(341), 'it\'s #1, 100% & "more"\n'])(
        'accepts any key (%#)',
        async (key) => {
          const other = { ...id, key: `${key}` };
          await claim('a', { id: other });
          expect((await claim('b', { id: other })).kind).toBe('leased');
          await ledger.record(other, 'a', posted('message-1'));
          expect((await claim('b', { id: other })).kind).toBe('ended');
        },
      );

      it('accepts the longest bucket and room with the longest key', async () => {
        const other = { ...id, bucket: 'b'.repeat(63), key: 'k'.repeat(1024), roomId: 'r'.repeat(255) };
        expect((await claim('a', { id: other })).kind).toBe('claimed');
        expect(await ledger.findOther(other)).toBeUndefined();
      });
    });

    describe('claimUploaded', () => {
      it('claims a new entry and records the upload', async () => {
        expect(previousOf(await claimUploaded('a', { lastsMs: 1_000 }))).toBeUndefined();
        clock.advance(1_001);
        expect(previousOf(await claim('b'))).toMatchObject({ status: 'uploaded', upload: UPLOAD, leaseOwner: 'a' });
      });

      it('claims for exactly one of fifty deliveries at the same time', async () => {
        const claims = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            claimUploaded(`owner-${index}`, { upload: { fileId: `f-${index}`, uploadedAt: START } }),
          ),
        );
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      });

      it('succeeds again for the same owner, whose first answer was lost', async () => {
        await claimUploaded('a');
        expect(previousOf(await claimUploaded('a'))).toMatchObject({ status: 'uploaded', upload: UPLOAD });
      });

      it.each<[string, () => Promise<unknown>, string]>([
        ['leased', () => claim('a'), 'leased'],
        ['released', () => claim('a').then(() => ledger.record(id, 'a', released())), 'leased'],
        [
          'released with an upload',
          () => claim('a').then(() => ledger.record(id, 'a', released({ upload: UPLOAD }))),
          'leased',
        ],
        ['posted', () => claim('a').then(() => ledger.record(id, 'a', posted('message-1'))), 'ended'],
        [
          'gone',
          () => claim('a').then(() => ledger.record(id, 'a', { kind: 'gone', lastError: 'OBJECT_GONE' })),
          'ended',
        ],
        ['dead-lettered', () => claim('a').then(() => ledger.record(id, 'a', deadLettered())), 'ended'],
        ['left by a delivery that died', () => claim('a', { lastsMs: -1 }), 'leased'],
      ])('does not claim an entry that is %s', async (_, touch, kind) => {
        await touch();
        const refused = await claimUploaded('b', { upload: { fileId: 'file-2', uploadedAt: START } });
        expect(refused.kind).toBe(kind);
        if (refused.kind === 'leased') expect(refused.until).toBeLessThanOrEqual(START + 60_000);
        if (refused.kind === 'ended') expect(refused.entry.upload?.fileId).not.toBe('file-2');
      });
    });

    describe('record', () => {
      it.each<LedgerChange>([
        { kind: 'uploaded', upload: UPLOAD },
        posted('message-1'),
        released(),
        deadLettered(),
        { kind: 'gone', lastError: 'OBJECT_GONE' },
      ])('rejects $kind from an owner whose entry was taken over', async (change) => {
        await claim('a', { lastsMs: 1_000 });
        clock.advance(1_001);
        await claim('b');
        await expect(ledger.record(id, 'a', change)).rejects.toEqual(LEASE_LOST);
        await expect(ledger.record(id, 'b', change)).resolves.toBeUndefined();
      });

      it('accepts a change from an owner whose lease has run out if nobody else has claimed the entry', async () => {
        await claim('a', { lastsMs: 1_000 });
        clock.advance(1_000_000);
        await expect(ledger.record(id, 'a', posted('message-1'))).resolves.toBeUndefined();
      });

      it('rejects a change of an entry that was never claimed', async () => {
        await expect(ledger.record(id, 'a', posted('message-1'))).rejects.toEqual(LEASE_LOST);
        expect(previousOf(await claim('a'))).toBeUndefined();
      });

      it('rejects a change from an owner that has released the entry', async () => {
        await claim('a');
        await ledger.record(id, 'a', released());
        await expect(ledger.record(id, 'a', posted('message-1'))).rejects.toEqual(LEASE_LOST);
      });

      it('accepts posted a second time, when the first answer was lost', async () => {
        await claim('a');
        await ledger.record(id, 'a', posted('message-1'));
        await expect(ledger.record(id, 'a', posted('message-1'))).resolves.toBeUndefined();
      });

      it('keeps a posted entry posted, whatever its owner writes after the answer was lost', async () => {
        await claimUploaded('a');
        await ledger.record(id, 'a', posted('message-1'));
        const changes: LedgerChange[] = [
          released(),
          { kind: 'uploaded', upload: UPLOAD },
          { kind: 'gone', lastError: 'OBJECT_GONE' },
          { kind: 'dead-lettered', upload: UPLOAD, inDoubt: undefined, failedAt: START, lastError: 'CHAT_ERROR' },
        ];
        for (const change of changes) await expect(ledger.record(id, 'a', change)).rejects.toEqual(LEASE_LOST);
        expect(await claim('b')).toMatchObject({ kind: 'ended', entry: { status: 'posted', messageId: 'message-1' } });
      });

      it('lets nobody claim a posted entry', async () => {
        await claimUploaded('a');
        await ledger.record(id, 'a', posted('message-1'));
        clock.advance(1_000_000_000);
        for (const owner of ['a', 'b']) {
          const ended = await claim(owner);
          expect(ended).toMatchObject({
            kind: 'ended',
            entry: { status: 'posted', messageId: 'message-1', postedAt: START, upload: UPLOAD },
          });
        }
        expect((await claim('b', { failedAt: START + 10_000_000_000 })).kind).toBe('ended');
      });

      it('lets nobody claim an entry that is gone', async () => {
        await claim('a');
        await ledger.record(id, 'a', { kind: 'gone', lastError: 'SUPERSEDED' });
        expect(await claim('b')).toMatchObject({ kind: 'ended', entry: { status: 'gone' } });
        expect((await claim('b', { failedAt: START + 1_000_000 })).kind).toBe('ended');
      });

      it('keeps a released upload with its doubt, and clears the doubt for a new upload', async () => {
        await claim('a');
        await ledger.record(id, 'a', released({ upload: UPLOAD, inDoubt: { looks: 1, notFoundSince: START } }));
        expect(previousOf(await claim('b'))).toMatchObject({
          status: 'uploaded',
          inDoubt: { looks: 1, notFoundSince: START },
        });
        await ledger.record(id, 'b', { kind: 'uploaded', upload: { fileId: 'file-2', uploadedAt: START } });
        await ledger.record(id, 'b', released({ upload: { fileId: 'file-2', uploadedAt: START } }));
        const previous = previousOf(await claim('c'));
        expect(previous).toMatchObject({ status: 'uploaded', upload: { fileId: 'file-2', uploadedAt: START } });
        expect(previous).not.toHaveProperty('inDoubt');
      });

      it("keeps the upload's time by both clocks, and the drops of its message", async () => {
        const upload = { fileId: 'file-1', uploadedAt: START, sentAt: START - 3_000 };
        await claimUploaded('a', { upload });
        await ledger.record(id, 'a', released({ upload, inDoubt: { looks: 0, drops: 2 } }));
        expect(previousOf(await claim('b'))).toMatchObject({ upload, inDoubt: { looks: 0, drops: 2 } });
        await ledger.record(id, 'b', released());
        const previous = previousOf(await claim('c'));
        expect(previous).not.toHaveProperty('upload');
        expect(previous).not.toHaveProperty('inDoubt');
      });

      it('keeps a doubt without looks', async () => {
        await claim('a');
        await ledger.record(id, 'a', released({ upload: UPLOAD, inDoubt: { looks: 0, notFoundSince: undefined } }));
        expect(previousOf(await claim('b'))).toMatchObject({ inDoubt: { looks: 0 } });
      });

      it('removes the upload when the entry is released without one', async () => {
        await claimUploaded('a');
        await ledger.record(id, 'a', released());
        expect(previousOf(await claim('b'))).toEqual({
          status: 'claimed',
          attempts: 1,
          releases: 1,
          failures: 0,
          retriedForMs: 0,
        });
      });
    });

    describe('the counts of an entry', () => {
      it('are separate for releases and failures', async () => {
        await claim('a');
        await ledger.record(id, 'a', released());
        await claim('b');
        await ledger.record(id, 'b', released({ failed: true, retriedForMs: 2_000 }));
        await claim('c');
        await ledger.record(id, 'c', released({ failed: true, retriedForMs: 6_000 }));
        const previous = previousOf(await claim('d'));
        expect(previous).toEqual({ status: 'claimed', attempts: 3, releases: 3, failures: 2, retriedForMs: 6_000 });
      });

      it('of failures by reason are kept until the object is dead-lettered', async () => {
        await claim('a');
        await ledger.record(id, 'a', released({ failed: true, failuresByReason: { CHAT_ERROR: 1 } }));
        await claim('b');
        const counts = { CHAT_ERROR: 1, MEDIA_NOT_PROCESSED: 4 };
        await ledger.record(id, 'b', released({ failed: true, failuresByReason: counts }));
        await claim('c');
        await ledger.record(id, 'c', released());
        expect(previousOf(await claim('d'))).toMatchObject({ failures: 2, failuresByReason: counts });
        await ledger.record(id, 'd', deadLettered({ failedAt: START }));
        expect(previousOf(await claim('e', { failedAt: START }))).not.toHaveProperty('failuresByReason');
      });

      it('show the deliveries that died as claims that were never released', async () => {
        for (const owner of ['a', 'b']) {
          await claim(owner, { lastsMs: 1_000 });
          clock.advance(1_001);
        }
        await claim('c');
        await ledger.record(id, 'c', released());
        const previous = await claim('d');
        expect(previous.kind === 'claimed' && previous.previous && crashes(previous.previous)).toBe(2);
      });
    });

    describe('a dead-lettered entry', () => {
      const deadLetter = async (change: Partial<LedgerChange & { kind: 'dead-lettered' }> = {}) => {
        for (const owner of ['a', 'b']) {
          await claim(owner, { lastsMs: 1_000 });
          clock.advance(1_001);
        }
        await claim('c');
        await ledger.record(id, 'c', released({ failed: true, retriedForMs: 9_000 }));
        await claim('d');
        await ledger.record(id, 'd', deadLettered(change));
      };

      it('can be claimed only for a redrive', async () => {
        await deadLetter();
        expect(await claim('e')).toMatchObject({
          kind: 'ended',
          entry: { status: 'dead-lettered', failedAt: START + 1_000 },
        });
        expect((await claim('e', { failedAt: START + 999 })).kind).toBe('ended');
        expect((await claim('e', { failedAt: START + 1_000 })).kind).toBe('claimed');
      });

      it('starts its redrive with all counts but attempts reset', async () => {
        await deadLetter();
        const claimed = await claim('e', { failedAt: START + 1_000 });
        expect(previousOf(claimed)).toEqual({
          status: 'dead-lettered',
          failedAt: START + 1_000,
          attempts: 4,
          releases: 4,
          failures: 0,
          retriedForMs: 0,
        });
        expect(claimed.kind === 'claimed' && claimed.previous && crashes(claimed.previous)).toBe(0);
      });

      it('keeps its upload and doubt', async () => {
        await deadLetter({ upload: UPLOAD, inDoubt: { looks: 2, notFoundSince: START } });
        expect(previousOf(await claim('e', { failedAt: START + 1_000 }))).toMatchObject({
          upload: UPLOAD,
          inDoubt: { looks: 2, notFoundSince: START },
        });
      });

      it('is leased to one redrive at a time', async () => {
        await deadLetter();
        await claim('e', { failedAt: START + 1_000, lastsMs: 5_000 });
        expect((await claim('f', { failedAt: START + 1_000 })).kind).toBe('leased');
        expect((await claim('f')).kind).toBe('leased');
        expect((await claim('e', { failedAt: START + 1_000 })).kind).toBe('claimed');
        clock.advance(5_000 + 1);
        expect((await claim('f')).kind).toBe('leased');
      });

      it('can be claimed again after a redrive that died', async () => {
        await deadLetter();
        await claim('e', { failedAt: START + 1_000, lastsMs: 5_000 });
        clock.advance(5_001);
        expect((await claim('f')).kind).toBe('ended');
        expect(previousOf(await claim('f', { failedAt: START + 1_000 }))).toMatchObject({
          leaseOwner: 'e',
          attempts: 5,
          releases: 4,
        });
      });

      it('can not be claimed by an older redrive after it was dead-lettered again', async () => {
        await deadLetter();
        await claim('e', { failedAt: START + 1_000 });
        await ledger.record(id, 'e', deadLettered({ failedAt: START + 50_000 }));
        expect((await claim('f', { failedAt: START + 1_000 })).kind).toBe('ended');
        expect((await claim('f', { failedAt: START + 50_000 })).kind).toBe('claimed');
      });

      it('can be claimed like any other entry after its redrive has released it', async () => {
        await deadLetter();
        await claim('e', { failedAt: START + 1_000 });
        await ledger.record(id, 'e', released({ failed: true, retriedForMs: 1_000 }));
        expect(previousOf(await claim('f'))).toMatchObject({
          status: 'claimed',
          attempts: 5,
          releases: 5,
          failures: 1,
        });
      });
    });

    describe('findOther', () => {
      const version = (sequencer: string | undefined, more: Partial<DeliveryId> = {}): DeliveryId => ({
        ...id,
        sequencer,
        ...more,
      });
      const post = async (other: DeliveryId, messageId = 'message-1') => {
        await claim('p', { id: other });
        await ledger.record(other, 'p', posted(messageId));
      };

      it('finds nothing if there is no other entry', async () => {
        expect(await ledger.findOther(id)).toBeUndefined();
        await claim('a');
        expect(await ledger.findOther(id)).toBeUndefined();
      });

      it.each<[string, (other: DeliveryId) => Promise<unknown>, boolean]>([
        ['claimed', (other) => claim('p', { id: other }), true],
        ['uploaded', (other) => claimUploaded('p', { id: other }), true],
        ['posted', (other) => post(other), true],
        ['released', (other) => claim('p', { id: other }).then(() => ledger.record(other, 'p', released())), true],
        [
          'dead-lettered',
          (other) => claim('p', { id: other }).then(() => ledger.record(other, 'p', deadLettered())),
          false,
        ],
        [
          'dead-lettered and claimed again by its redrive',
          async (other) => {
            await claim('p', { id: other });
            await ledger.record(other, 'p', deadLettered({ failedAt: START }));
            await claim('q', { id: other, failedAt: START });
          },
          true,
        ],
        [
          'gone',
          (other) => claim('p', { id: other }).then(() => ledger.record(other, 'p', { kind: 'gone', lastError: 'x' })),
          false,
        ],
      ])('finds a newer version that is $0: $2', async (_, make, counts) => {
        await make(version('0069A94D181F3A9C43'));
        expect(await ledger.findOther(version('0069A94D181F3A9C42'))).toEqual(counts ? { kind: 'newer' } : undefined);
        expect(await ledger.findOther(version('0069A94D181F3A9C44'))).toBeUndefined();
      });

      it.each<[string, string, boolean]>([
        ['0055AED6DCD90281E5', '0055AED6DCD90281E6', true],
        ['0055AED6DCD90281E5', '0055AED6DCD90281E50', false],
        ['0055AED6DCD90281E5', '0055AED6DCD90281E51', true],
        ['0055AED6DCD90281E51', '0055AED6DCD90281E5', false],
        ['0055AED6DCD90281E5', '0055AED6DD', true],
        ['0055AED6DD', '0055AED6DCD90281E5', false],
        ['9', 'A', true],
        ['F', '0F', false],
      ])('orders sequencers after padding them on the right: %s < %s is %s', async (own, other, isNewer) => {
        await claim('p', { id: version(other) });
        expect(await ledger.findOther(version(own))).toEqual(isNewer ? { kind: 'newer' } : undefined);
      });

      it('ignores other rooms, keys and buckets', async () => {
        for (const other of [
          version('F', { roomId: 'OTHER' }),
          version('F', { key: `${id.key}x` }),
          version('F', { bucket: 'other' }),
          version(undefined, { eTag: 'ffff' }),
        ]) {
          await claim('p', { id: other });
        }
        expect(await ledger.findOther(id)).toBeUndefined();
      });

      it('does not return the same version in another room as a newer version', async () => {
        for (const roomId of ['', 'A', 'ZZZ', 'zzz', '~', 'ÿ']) await claim('p', { id: { ...id, roomId } });
        expect(await ledger.findOther(id)).toBeUndefined();
      });

      it('reads more than one page to find a newer version', async () => {
        await claim('p', { id: version('1000') });
        for (let index = 0; index < 60; index += 1) {
          await claim('p', { id: version(`2${String(index).padStart(3, '0')}`, { roomId: 'OTHER' }) });
        }
        expect(await ledger.findOther(version('0FFF'))).toEqual({ kind: 'newer' });
        expect(await ledger.findOther(version('1000'))).toBeUndefined();
        expect(await ledger.findOther(version('2000', { roomId: 'OTHER' }))).toEqual({ kind: 'newer' });
      });

      it('finds the posted message with the same eTag for an object without a sequencer', async () => {
        await post(version('1', { eTag: 'x' }), 'message-x');
        await post(version('2', { eTag: 'y' }), 'message-y');
        expect(await ledger.findOther(version(undefined, { eTag: 'x' }))).toEqual({
          kind: 'same',
          messageId: 'message-x',
        });
        expect(await ledger.findOther(version(undefined, { eTag: 'z' }))).toBeUndefined();
        expect(await ledger.findOther(version(undefined, { eTag: undefined }))).toBeUndefined();
        expect(await ledger.findOther(version(undefined, { eTag: 'x', roomId: 'OTHER' }))).toBeUndefined();
      });

      it('returns the latest of several messages with the same eTag', async () => {
        for (const sequencer of ['2', '3', '1']) await post(version(sequencer, { eTag: 'x' }), `message-${sequencer}`);
        expect(await ledger.findOther(version(undefined, { eTag: 'x' }))).toEqual({
          kind: 'same',
          messageId: 'message-3',
        });
      });

      it('does not match objects without an eTag', async () => {
        await post(version('1', { eTag: undefined }));
        expect(await ledger.findOther(version(undefined, { eTag: undefined }))).toBeUndefined();
      });

      it('matches only posted objects', async () => {
        await claimUploaded('p', { id: version('1', { eTag: 'x' }) });
        expect(await ledger.findOther(version(undefined, { eTag: 'x' }))).toBeUndefined();
      });

      it('reads more than one page to find the same eTag', async () => {
        await post(version('1', { eTag: 'x' }), 'message-x');
        for (let index = 0; index < 60; index += 1)
          await claim('p', { id: version(`2${String(index).padStart(3, '0')}`, { eTag: 'y' }) });
        expect(await ledger.findOther(version(undefined, { eTag: 'x' }))).toEqual({
          kind: 'same',
          messageId: 'message-x',
        });
      });
    });

    describe('findOther, for an object that a backfill has posted', () => {
      let own: DeliveryId;
      beforeEach(() => {
        own = { ...id, sequencer: '2', eTag: 'x' };
      });
      const backfill = async (more: Partial<DeliveryId> = {}, times: Partial<Upload> = { sentAt: START }) => {
        const other = { ...own, sequencer: undefined, ...more };
        await claimUploaded('p', { id: other, upload: { ...UPLOAD, ...times } });
        return other;
      };
      const post = async (...args: Parameters<typeof backfill>) =>
        ledger.record(await backfill(...args), 'p', posted('message-x'));
      const same = { kind: 'same', messageId: 'message-x' };

      it('finds its message if the file was read after the object was created', async () => {
        await post();
        expect(await ledger.findOther(own, START - 1)).toEqual(same);
        expect(await ledger.findOther(own, START)).toEqual(same);
      });

      it('does not find it if the object was created later: the same content was uploaded again', async () => {
        await post();
        expect(await ledger.findOther(own, START + 1)).toBeUndefined();
        expect(await ledger.findOther(own)).toBeUndefined();
      });

      it('takes the time of the upload at the server for items that have no other', async () => {
        await post({}, {});
        expect(await ledger.findOther(own, UPLOAD.uploadedAt)).toEqual(same);
        expect(await ledger.findOther(own, UPLOAD.uploadedAt + 1)).toBeUndefined();
      });

      it('does not find one that is not posted yet', async () => {
        await backfill();
        expect(await ledger.findOther(own, START)).toBeUndefined();
      });

      it('does not find one of another eTag, without an eTag or of another room', async () => {
        await post({ eTag: 'y' });
        await post({ eTag: undefined });
        await post({ roomId: 'OTHER' });
        expect(await ledger.findOther(own, START)).toBeUndefined();
        expect(await ledger.findOther({ ...own, eTag: undefined }, START)).toBeUndefined();
      });

      it('finds a newer version behind other backfilled ones', async () => {
        for (let index = 0; index < 60; index += 1) await backfill({ eTag: `y${index}` });
        expect(await ledger.findOther(own, START)).toBeUndefined();
        await claim('p', { id: { ...own, sequencer: '3' } });
        expect(await ledger.findOther(own, START)).toEqual({ kind: 'newer' });
      });

      it('does not find the same content with another sequencer', async () => {
        const older = { ...own, sequencer: '1' };
        await claimUploaded('p', { id: older, upload: { ...UPLOAD, sentAt: START } });
        await ledger.record(older, 'p', posted('message-1'));
        expect(await ledger.findOther(own, START)).toBeUndefined();
      });
    });

    describe('a release', () => {
      it('keeps the time at which the entry is due until the next release or dead letter', async () => {
        await claim('a');
        await ledger.record(id, 'a', released({ dueAt: START + 5_000 }));
        expect(previousOf(await claim('b'))).toMatchObject({ dueAt: START + 5_000 });
        await ledger.record(id, 'b', released());
        expect(previousOf(await claim('c'))).not.toHaveProperty('dueAt');
        await ledger.record(id, 'c', released({ dueAt: START + 5_000 }));
        await claim('d');
        await ledger.record(id, 'd', deadLettered({ failedAt: START }));
        expect(previousOf(await claim('e', { failedAt: START }))).not.toHaveProperty('dueAt');
      });
    });

    describe('an ignored version', () => {
      it('can never be claimed again, and is no newer version to others', async () => {
        await claim('a');
        await ledger.record(id, 'a', { kind: 'ignored', ignoredAt: START, lastError: 'x', threadId: undefined });
        expect(await claim('b')).toMatchObject({ kind: 'ended', entry: { status: 'gone' } });
        expect((await claimUploaded('b')).kind).toBe('ended');
        expect(await ledger.findOther({ ...id, sequencer: '0' })).toBeUndefined();
      });
    });

    describe('findVersions', () => {
      const version = (sequencer: string | undefined, more: Partial<DeliveryId> = {}): DeliveryId => ({
        ...id,
        sequencer,
        eTag: `e${sequencer}`,
        ...more,
      });
      const make = async (other: DeliveryId, change?: LedgerChange) => {
        await claim('p', { id: other });
        if (change !== undefined) await ledger.record(other, 'p', change);
      };
      const gone: LedgerChange = { kind: 'gone', lastError: 'x' };
      const ignored = (threadId?: string): LedgerChange => ({
        kind: 'ignored',
        ignoredAt: START,
        lastError: 'x',
        threadId,
      });
      const orders = async (own: DeliveryId) =>
        (await ledger.findVersions(own)).map(({ order }) => order.replace(/0+$/, ''));

      it('describes each version as the ledger holds it', async () => {
        await make(version('1', { eTag: 'x' }), {
          kind: 'posted',
          messageId: 'm1',
          postedAt: START + 1,
          threadId: 'root',
        });
        await claim('p', { id: version('2'), lastsMs: 60_000 });
        await claimUploaded('p', { id: version('3'), lastsMs: 60_000 });
        const sizeBytes = objectOf(id).sizeBytes;
        const leaseExpiresAt = START + 60_000;
        expect(JSON.parse(JSON.stringify(await ledger.findVersions(version('9'))))).toEqual([
          { order: '3'.padEnd(32, '0'), state: 'uploaded', eTag: 'e3', sizeBytes, leaseExpiresAt },
          { order: '2'.padEnd(32, '0'), state: 'claimed', eTag: 'e2', sizeBytes, leaseExpiresAt },
          {
            order: '1'.padEnd(32, '0'),
            state: 'settled',
            eTag: 'x',
            sizeBytes,
            settledAt: START + 1,
            threadId: 'root',
          },
        ]);
      });

      it('leaves out its own entry, other rooms, other keys and versions that ended without a message', async () => {
        for (const own of [version('5'), version(undefined)]) await make(own);
        await make(version('4', { roomId: 'OTHER' }));
        await make(version('4', { key: `${id.key}x` }));
        await make(version('3'), gone);
        await make(version('2'), deadLettered());
        await make(version('1'), released());
        expect(await orders(version('5'))).toEqual(['etag-eundefined', '1']);
        expect(await orders(version(undefined))).toEqual(['5', '1']);
      });

      it.each<[string, LedgerChange]>([
        ['posted', posted('m')],
        ['ignored', ignored()],
      ])('ends with the newest $0 version that has a sequencer', async (_, change) => {
        await make(version(undefined, { eTag: 'b' }), change);
        await make(version('4'));
        await make(version('3'), change);
        await make(version('2'));
        expect(await orders(version('5'))).toEqual(['etag-b', '4', '3']);
        expect(await orders(version('2'))).toEqual(['etag-b', '4', '3']);
      });

      it('gives an ignored version the thread of the one that was posted before', async () => {
        await make(version('1'), ignored('root'));
        expect(await ledger.findVersions(version('2'))).toMatchObject([
          { state: 'settled', threadId: 'root', settledAt: START },
        ]);
      });

      it('finds a dead-lettered version again during its redrive', async () => {
        await make(version('1'), deadLettered({ failedAt: START }));
        expect(await orders(version('2'))).toEqual([]);
        await claim('q', { id: version('1'), failedAt: START });
        expect(await orders(version('2'))).toEqual(['1']);
      });

      it('reads several pages', async () => {
        await make(version('1'), posted('m'));
        for (let index = 0; index < 60; index += 1) await make(version(`2${String(index).padStart(3, '0')}`), gone);
        expect(await orders(version('3'))).toEqual(['1']);
      });
    });

    describe('findRooms', () => {
      it('lists the rooms of exactly this version', async () => {
        const lease = leaseOf('p', clock.now());
        const target = (roomId: string, more: Partial<DeliveryId> = {}) => ({ ...id, roomId, ...more });
        await ledger.claim(target('A'), lease, { object: objectOf(id), room: '#a' });
        await ledger.record(target('A'), 'p', posted('message-a'));
        await ledger.claimUploaded(target('B'), lease, { object: objectOf(id), room: '#b', upload: UPLOAD });
        await ledger.claim(target('C'), lease, { object: objectOf(id) });
        await ledger.record(target('C'), 'p', deadLettered({ failedAt: START + 1 }));
        await claim('p', { id: target('D', { sequencer: `${id.sequencer}1` }) });
        await claim('p', { id: target('E', { sequencer: undefined }) });
        await claim('p', { id: target('F', { key: `${id.key}x` }) });
        const rooms = JSON.parse(JSON.stringify(await ledger.findRooms(id))) as { roomId: string }[];
        expect(rooms.toSorted((a, b) => (a.roomId < b.roomId ? -1 : 1))).toEqual([
          { room: '#a', roomId: 'A', status: 'posted', messageId: 'message-a', hasOwner: true },
          { room: '#b', roomId: 'B', status: 'uploaded', hasOwner: true },
          { roomId: 'C', status: 'dead-lettered', failedAt: START + 1, hasOwner: false },
        ]);
        expect(await ledger.findRooms({ ...id, sequencer: undefined })).toMatchObject([{ roomId: 'E' }]);
        expect(await ledger.findRooms({ ...id, key: 'nobody' })).toEqual([]);
      });

      it('keeps the name of the room when a claim does not know it', async () => {
        await ledger.claim(id, leaseOf('a', clock.now(), 1_000), { object: objectOf(id), room: '#a' });
        clock.advance(2_000);
        await claim('b');
        expect(await ledger.findRooms(id)).toMatchObject([{ room: '#a' }]);
      });
    });
  });
};
