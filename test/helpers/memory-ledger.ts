import { type DeliveryId, type LedgerChange, type LedgerEntry, Status } from '../../lambdas/relay/domain/delivery.ts';
import { LedgerError } from '../../lambdas/relay/domain/errors.ts';
import type { Claim, Clock, Lease, Ledger, Other } from '../../lambdas/relay/ports.ts';

/** The ledger's rules without a database: each call has its effect at once. What DynamoDB does is the same, by contract. */
export interface MemoryTable {
  claim(now: number, id: DeliveryId, lease: Lease, options: Parameters<Ledger['claim']>[2]): Claim;
  record(id: DeliveryId, owner: string, change: LedgerChange): void;
  findOther(id: DeliveryId): Other | undefined;
  entries(): readonly (LedgerEntry & { readonly id: DeliveryId })[];
}

type Item = LedgerEntry & { readonly id: DeliveryId; readonly eTag: string | undefined };

export const createMemoryTable = (): MemoryTable => {
  const items = new Map<string, Item>();

  return {
    claim(now, id, lease, { upload, failedAt, object }) {
      const key = keyOf(id);
      const previous = items.get(key);
      if (previous !== undefined && !mayClaim(previous, now, lease, upload !== undefined, failedAt)) {
        return refusal(previous, now);
      }
      items.set(key, {
        ...(previous ?? { status: Status.Claimed, attempts: 0, releases: 0, failures: 0, retriedForMs: 0 }),
        ...(upload === undefined ? {} : { status: Status.Uploaded, upload }),
        id,
        eTag: object.eTag ?? previous?.eTag,
        leaseOwner: lease.owner,
        leaseExpiresAt: lease.expiresAt,
        attempts: (previous?.attempts ?? 0) + 1,
      });
      return { kind: 'claimed', previous };
    },

    record(id, owner, change) {
      const item = items.get(keyOf(id));
      if (item?.leaseOwner !== owner) throw new LedgerError('another delivery holds the entry', { code: 'LEASE_LOST' });
      items.set(keyOf(id), { ...item, ...changed(item, change) });
    },

    findOther(id) {
      const own = versionOf(id);
      const others = [...items.values()].filter(
        (item) => item.id.bucket === id.bucket && item.id.key === id.key && item.id.roomId === id.roomId,
      );
      if (id.sequencer === undefined) {
        const same = others
          .filter((item) => item.status === Status.Posted && item.eTag !== undefined && item.eTag === id.eTag)
          .toSorted((a, b) => (versionOf(a.id) < versionOf(b.id) ? 1 : -1))[0];
        return same === undefined ? undefined : { kind: 'same', messageId: same.messageId };
      }
      const newer = others.some(
        (item) => item.id.sequencer !== undefined && versionOf(item.id) > own && isUnderWay(item),
      );
      return newer ? { kind: 'newer' } : undefined;
    },

    entries: () => [...items.values()],
  };
};

/** The port over a table of its own, or one that several processes share. */
export const createMemoryLedger = ({
  clock,
  table = createMemoryTable(),
}: {
  readonly clock: Clock;
  readonly table?: MemoryTable;
}): Ledger & Pick<MemoryTable, 'entries'> => ({
  claim: async (id, lease, options) => table.claim(clock.now(), id, lease, options),
  record: async (id, owner, change) => table.record(id, owner, change),
  findOther: async (id) => table.findOther(id),
  entries: () => table.entries(),
});

/** One that was given up counts again while it is redriven. */
const isUnderWay = ({ status, leaseOwner }: Item): boolean =>
  status !== Status.Gone && (status !== Status.DeadLettered || leaseOwner !== undefined);

const mayClaim = (item: Item, now: number, lease: Lease, isUpload: boolean, failedAt: number | undefined): boolean => {
  const isOurs = item.leaseOwner === lease.owner;
  if (isUpload) return isOurs && item.status === Status.Uploaded;
  if (!isOurs && item.leaseOwner !== undefined && (item.leaseExpiresAt ?? 0) >= now) return false;
  if (item.status === Status.Claimed || item.status === Status.Uploaded) return true;
  return item.status === Status.DeadLettered && failedAt !== undefined && (item.failedAt ?? 0) <= failedAt;
};

const refusal = (item: Item, now: number): Claim => {
  if (item.status === Status.Posted || item.status === Status.Gone) return { kind: 'ended', entry: item };
  if (item.leaseOwner !== undefined && (item.leaseExpiresAt ?? 0) >= now) {
    return { kind: 'leased', until: item.leaseExpiresAt ?? now };
  }
  return item.status === Status.DeadLettered ? { kind: 'ended', entry: item } : { kind: 'leased', until: now };
};

const changed = (item: Item, change: LedgerChange): Partial<LedgerEntry> => {
  const free = { leaseOwner: undefined, leaseExpiresAt: undefined };
  switch (change.kind) {
    case 'uploaded':
      return { status: Status.Uploaded, upload: change.upload, inDoubt: undefined };
    case 'posted': {
      const { messageId, postedAt } = change;
      return { status: Status.Posted, messageId, postedAt, inDoubt: undefined, leaseExpiresAt: undefined };
    }
    case 'gone':
      return { status: Status.Gone, leaseExpiresAt: undefined };
    case 'released':
      return {
        ...free,
        status: change.upload === undefined ? Status.Claimed : Status.Uploaded,
        upload: change.upload,
        inDoubt: change.inDoubt,
        retriedForMs: change.retriedForMs,
        releases: item.releases + 1,
        failures: item.failures + (change.failed ? 1 : 0),
      };
    case 'dead-lettered':
      return {
        ...free,
        status: Status.DeadLettered,
        failedAt: change.failedAt,
        upload: change.upload,
        inDoubt: change.inDoubt,
        releases: item.attempts,
        failures: 0,
        retriedForMs: 0,
      };
    default:
      return change satisfies never;
  }
};

const versionOf = ({ sequencer, eTag }: DeliveryId): string => sequencer?.padEnd(32, '0') ?? `etag-${eTag ?? 'none'}`;
const keyOf = (id: DeliveryId): string => JSON.stringify([id.bucket, id.key, versionOf(id), id.roomId]);
