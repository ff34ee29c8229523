import { type DeliveryId, type LedgerChange, type LedgerEntry, Status } from '../../lambdas/relay/domain/delivery.ts';
import { LedgerError } from '../../lambdas/relay/domain/errors.ts';
import type { RoomEntry } from '../../lambdas/relay/domain/room-entry.ts';
import { type Version, versionOrder } from '../../lambdas/relay/domain/versions.ts';
import type { Claim, ClaimOptions, Clock, Lease, Ledger, Other } from '../../lambdas/relay/ports.ts';

/** The ledger's rules without a database: each call takes effect at once. The contract suite runs on this and on DynamoDB. */
export interface MemoryTable {
  claim(now: number, id: DeliveryId, lease: Lease, options: Parameters<Ledger['claim']>[2]): Claim;
  claimUploaded(now: number, id: DeliveryId, lease: Lease, options: Parameters<Ledger['claimUploaded']>[2]): Claim;
  record(id: DeliveryId, owner: string, change: LedgerChange): void;
  findOther(id: DeliveryId, createdAt?: number): Other | undefined;
  findVersions(id: DeliveryId): readonly Version[];
  findRooms(id: Omit<DeliveryId, 'roomId'>): readonly RoomEntry[];
  entries(): readonly (LedgerEntry & { readonly id: DeliveryId })[];
}

type Item = LedgerEntry & {
  readonly id: DeliveryId;
  readonly eTag: string | undefined;
  readonly sizeBytes: number;
  readonly room: string | undefined;
  readonly threadId?: string | undefined;
  readonly ignoredAt?: number | undefined;
};

export const createMemoryTable = (): MemoryTable => {
  const items = new Map<string, Item>();

  const write = (
    id: DeliveryId,
    lease: Lease,
    { object, room }: ClaimOptions,
    previous: Item | undefined,
    change: Partial<LedgerEntry>,
  ): Claim => {
    items.set(keyOf(id), {
      ...(previous ?? { status: Status.Claimed, attempts: 0, releases: 0, failures: 0, retriedForMs: 0 }),
      ...change,
      id,
      eTag: object.eTag ?? previous?.eTag,
      sizeBytes: object.sizeBytes,
      room: room ?? previous?.room,
      leaseOwner: lease.owner,
      leaseExpiresAt: lease.expiresAt,
      attempts: (previous?.attempts ?? 0) + 1,
    });
    return { kind: 'claimed', previous };
  };

  return {
    claim(now, id, lease, { failedAt, ...options }) {
      const previous = items.get(keyOf(id));
      if (previous !== undefined && !mayClaim(previous, now, lease, failedAt)) return refusal(previous, now);
      return write(id, lease, options, previous, {});
    },

    claimUploaded(now, id, lease, { upload, ...options }) {
      const previous = items.get(keyOf(id));
      if (previous !== undefined && !isOwnUpload(previous, lease)) return refusal(previous, now);
      return write(id, lease, options, previous, { status: Status.Uploaded, upload });
    },

    record(id, owner, change) {
      const item = items.get(keyOf(id));
      const mayChange = item?.leaseOwner === owner && (change.kind === 'posted' || item.status !== Status.Posted);
      if (!mayChange)
        throw new LedgerError('another delivery holds the entry, or it is posted', { code: 'LEASE_LOST' });
      items.set(keyOf(id), { ...item, ...changed(item, change) });
    },

    findOther(id, createdAt = Number.POSITIVE_INFINITY) {
      const own = versionOrder(id);
      const others = [...items.values()].filter(
        (item) => item.id.bucket === id.bucket && item.id.key === id.key && item.id.roomId === id.roomId,
      );
      const [same] = others
        .filter((item) => item.status === Status.Posted && item.eTag !== undefined && item.eTag === id.eTag)
        .filter((item) => id.sequencer === undefined || isReadSince(item, createdAt))
        .toSorted((a, b) => (versionOrder(a.id) < versionOrder(b.id) ? 1 : -1));
      if (same !== undefined) return { kind: 'same', messageId: same.messageId };
      if (id.sequencer === undefined) return undefined;
      const newer = others.some(
        (item) => item.id.sequencer !== undefined && versionOrder(item.id) > own && isUnderWay(item),
      );
      return newer ? { kind: 'newer' } : undefined;
    },

    findVersions(id) {
      const versions: Version[] = [];
      const others = [...items.values()]
        .filter((item) => isOfKey(item.id, id) && item.id.roomId === id.roomId)
        .filter((item) => isUnderWay(item) || item.ignoredAt !== undefined)
        .toSorted((a, b) => (versionOrder(a.id) < versionOrder(b.id) ? 1 : -1));
      for (const item of others) {
        if (versionOrder(item.id) === versionOrder(id)) continue;
        const version = versionOf(item);
        versions.push(version);
        if (version.state === 'settled' && item.id.sequencer !== undefined) break;
      }
      return versions;
    },

    findRooms: (id) =>
      [...items.values()]
        .filter((item) => isOfKey(item.id, id) && versionOrder(item.id) === versionOrder(id))
        .map(({ id: { roomId }, room, status, messageId, failedAt, leaseOwner }) => ({
          room,
          roomId,
          status,
          messageId,
          failedAt,
          hasOwner: leaseOwner !== undefined,
        })),

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
  findOther: async (id, createdAt) => table.findOther(id, createdAt),
  findVersions: async (id) => table.findVersions(id),
  findRooms: async (id) => table.findRooms(id),
  entries: () => table.entries(),
});

/** A dead-lettered entry counts again during its redrive, when it has a lease. */
const isUnderWay = ({ status, leaseOwner }: Item): boolean =>
  status !== Status.Gone && (status !== Status.DeadLettered || leaseOwner !== undefined);

/** Whether a backfilled event was posted with content that was read after the time. */
const isReadSince = ({ id, upload }: Item, createdAt: number): boolean =>
  id.sequencer === undefined && createdAt <= (upload?.sentAt ?? upload?.uploadedAt ?? 0);

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

const changed = (item: Item, change: LedgerChange): Partial<Item> => {
  const free = { leaseOwner: undefined, leaseExpiresAt: undefined };
  switch (change.kind) {
    case 'uploaded':
      return { status: Status.Uploaded, upload: change.upload, inDoubt: undefined };
    case 'posted': {
      const { messageId, postedAt, threadId } = change;
      return { status: Status.Posted, messageId, postedAt, threadId, inDoubt: undefined, leaseExpiresAt: undefined };
    }
    case 'ignored':
      return {
        status: Status.Gone,
        ignoredAt: change.ignoredAt,
        threadId: change.threadId,
        leaseExpiresAt: undefined,
      };
    case 'gone':
      return { status: Status.Gone, leaseExpiresAt: undefined };
    case 'released':
      return {
        ...free,
        status: change.upload === undefined ? Status.Claimed : Status.Uploaded,
        upload: change.upload,
        inDoubt: change.inDoubt,
        retriedForMs: change.retriedForMs,
        dueAt: change.dueAt,
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
        dueAt: undefined,
        retriedForMs: 0,
      };
    default:
      return change satisfies never;
  }
};

const isOfKey = (a: Pick<DeliveryId, 'bucket' | 'key'>, b: Pick<DeliveryId, 'bucket' | 'key'>): boolean =>
  a.bucket === b.bucket && a.key === b.key;

const versionOf = (item: Item): Version => {
  const isSettled = item.status === Status.Posted || item.ignoredAt !== undefined;
  return {
    order: versionOrder(item.id),
    state: isSettled ? 'settled' : item.upload === undefined ? 'claimed' : 'uploaded',
    eTag: item.eTag,
    sizeBytes: item.sizeBytes,
    leaseExpiresAt: item.leaseExpiresAt,
    settledAt: item.postedAt ?? item.ignoredAt,
    threadId: item.threadId ?? item.messageId,
  };
};

const keyOf = (id: DeliveryId): string => JSON.stringify([id.bucket, id.key, versionOrder(id), id.roomId]);
