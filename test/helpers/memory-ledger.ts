import { type DeliveryId, type LedgerChange, type LedgerEntry, Status } from '../../lambdas/relay/domain/delivery.ts';
import { LedgerError } from '../../lambdas/relay/domain/errors.ts';
import type { CreatedObject } from '../../lambdas/relay/domain/s3-event.ts';
import type { Claim, Clock, Lease, Ledger, Other } from '../../lambdas/relay/ports.ts';

/** The ledger's rules without a database: each call takes effect at once. The contract suite runs on this and on DynamoDB. */
export interface MemoryTable {
  claim(now: number, id: DeliveryId, lease: Lease, options: Parameters<Ledger['claim']>[2]): Claim;
  claimUploaded(now: number, id: DeliveryId, lease: Lease, options: Parameters<Ledger['claimUploaded']>[2]): Claim;
  record(id: DeliveryId, owner: string, change: LedgerChange): void;
  findOther(id: DeliveryId): Other | undefined;
  entries(): readonly (LedgerEntry & { readonly id: DeliveryId })[];
}

type Item = LedgerEntry & { readonly id: DeliveryId; readonly eTag: string | undefined };

export const createMemoryTable = (): MemoryTable => {
  const items = new Map<string, Item>();

  const write = (
    id: DeliveryId,
    lease: Lease,
    object: Pick<CreatedObject, 'eTag' | 'sizeBytes'>,
    previous: Item | undefined,
    change: Partial<LedgerEntry>,
  ): Claim => {
    items.set(keyOf(id), {
      ...(previous ?? { status: Status.Claimed, attempts: 0, releases: 0, failures: 0, retriedForMs: 0 }),
      ...change,
      id,
      eTag: object.eTag ?? previous?.eTag,
      leaseOwner: lease.owner,
      leaseExpiresAt: lease.expiresAt,
      attempts: (previous?.attempts ?? 0) + 1,
    });
    return { kind: 'claimed', previous };
  };

  return {
    claim(now, id, lease, { object, failedAt }) {
      const previous = items.get(keyOf(id));
      if (previous !== undefined && !mayClaim(previous, now, lease, failedAt)) return refusal(previous, now);
      return write(id, lease, object, previous, {});
    },

    claimUploaded(now, id, lease, { object, upload }) {
      const previous = items.get(keyOf(id));
      if (previous !== undefined && !isOwnUpload(previous, lease)) return refusal(previous, now);
      return write(id, lease, object, previous, { status: Status.Uploaded, upload });
    },

    record(id, owner, change) {
      const item = items.get(keyOf(id));
      const mayChange = item?.leaseOwner === owner && (change.kind === 'posted' || item.status !== Status.Posted);
      if (!mayChange)
        throw new LedgerError('another delivery holds the entry, or it is posted', { code: 'LEASE_LOST' });
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

/** The port, on a table of its own or on one that several processes share. */
export const createMemoryLedger = ({
  clock,
  table = createMemoryTable(),
}: {
  readonly clock: Clock;
  readonly table?: MemoryTable;
}): Ledger & Pick<MemoryTable, 'entries'> => ({
  claim: async (id, lease, options) => table.claim(clock.now(), id, lease, options),
  claimUploaded: async (id, lease, options) => table.claimUploaded(clock.now(), id, lease, options),
  record: async (id, owner, change) => table.record(id, owner, change),
  findOther: async (id) => table.findOther(id),
  entries: () => table.entries(),
});

/** A dead-lettered entry counts again during its redrive, when it has a lease. */
const isUnderWay = ({ status, leaseOwner }: Item): boolean =>
  status !== Status.Gone && (status !== Status.DeadLettered || leaseOwner !== undefined);

const isOwnUpload = (item: Item, lease: Lease): boolean =>
  item.leaseOwner === lease.owner && item.status === Status.Uploaded;

const mayClaim = (item: Item, now: number, lease: Lease, failedAt: number | undefined): boolean => {
  const isOwn = item.leaseOwner === lease.owner;
  if (!isOwn && item.leaseOwner !== undefined && (item.leaseExpiresAt ?? 0) >= now) return false;
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
        failuresByReason: change.failuresByReason ?? item.failuresByReason,
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
        failuresByReason: undefined,
        retriedForMs: 0,
      };
    default:
      return change satisfies never;
  }
};

const versionOf = ({ sequencer, eTag }: DeliveryId): string => sequencer?.padEnd(32, '0') ?? `etag-${eTag ?? 'none'}`;
const keyOf = (id: DeliveryId): string => JSON.stringify([id.bucket, id.key, versionOf(id), id.roomId]);
