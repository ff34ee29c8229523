import type { DeliveryId } from './delivery.ts';
import type { Route } from './settings.ts';

/**
 * The order of a key's versions, as text: the sequencer, or for a backfilled version, which has none, a text that sorts
 * after all sequencers.
 *
 * Sequencers are compared "by right-padding the shorter with zeros, then lexicographically":
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const versionOrder = ({ sequencer, eTag }: Pick<DeliveryId, 'sequencer' | 'eTag'>): string =>
  sequencer?.padEnd(32, '0') ?? `etag-${eTag ?? 'none'}`;

/** Another version of the same key in the same room, as the ledger holds it. */
export interface Version {
  /** See `versionOrder`. */
  readonly order: string;
  /**
   * `settled`: posted, or not posted because of the route's `overwrites`. `uploaded`: its file is at the chat server.
   * Versions that ended otherwise do not count.
   */
  readonly state: 'claimed' | 'uploaded' | 'settled';
  readonly eTag: string | undefined;
  readonly sizeBytes: number | undefined;
  /** When the lease of the delivery that works on it ends, epoch milliseconds. */
  readonly leaseExpiresAt: number | undefined;
  /** Epoch milliseconds. */
  readonly settledAt: number | undefined;
  /** The first message of the thread that the version belongs to: the version's own message or the one it answers. */
  readonly threadId: string | undefined;
}

/** What the other versions mean for a delivery. */
export type VersionVerdict =
  /** `parent`: the message that the file answers if the route makes a thread of each key. */
  | { readonly kind: 'deliver'; readonly parent: string | undefined }
  /** An older version is still being delivered, and the answer depends on it. */
  | { readonly kind: 'wait' }
  /** A newer version was decided, or is about to be posted. */
  | { readonly kind: 'superseded' }
  /** The route posts no overwrite such as this one. */
  | { readonly kind: 'ignored'; readonly detail: string; readonly parent: string | undefined };

/** Whether a route's deliveries depend on other versions of the key beyond their order. */
export const dependsOnVersions = ({ overwrites = 'each', thread }: Pick<Route, 'overwrites' | 'thread'>): boolean =>
  overwrites !== 'each' || thread === 'key';

/** With `first`, an older version is posted even if a newer one has been claimed, but is not yet uploaded. */
export const postsOnlyFirst = ({ overwrites }: Pick<Route, 'overwrites'>): boolean => overwrites === 'first';

/**
 * Decides what the other versions mean for one that holds its ledger entry. Each version claims its entry before it asks,
 * so of two versions that are delivered at the same time at least one sees the other. A version waits only for older
 * ones, so no two wait for each other.
 *
 * With `first`, a delivery asks again between its upload and its confirm. The older of two versions gives way to a newer
 * one that is uploaded, and the newer one waits for an older one that is claimed: if both were posted, each would have
 * asked before the other had claimed or uploaded, and each uploads before it asks for the last time.
 *
 * @param isPatient whether an older version that no delivery works on now is still waited for
 */
export const judgeVersions = (
  own: { readonly order: string; readonly eTag: string | undefined; readonly sizeBytes: number },
  others: readonly Version[],
  { overwrites = 'each' }: Pick<Route, 'overwrites'>,
  { now, isPatient }: { readonly now: number; readonly isPatient: boolean },
): VersionVerdict => {
  const isOlder = ({ order }: Version) => order < own.order;
  const isWaitedFor = (other: Version) =>
    other.state !== 'settled' && isOlder(other) && (isPatient || (other.leaseExpiresAt ?? 0) >= now);
  const settled = others.filter(({ state }) => state === 'settled').toSorted(byTime);
  if (overwrites === 'first') {
    const [posted] = settled;
    if (posted !== undefined) return ignored('only the first version of a key is posted, and one was before', posted);
    if (others.some((other) => !isOlder(other) && other.state === 'uploaded')) return { kind: 'superseded' };
    return others.some(isWaitedFor) ? { kind: 'wait' } : { kind: 'deliver', parent: undefined };
  }
  if (settled.some((other) => !isOlder(other) && !isBackfilled(other))) return { kind: 'superseded' };
  if (others.some(isWaitedFor)) return { kind: 'wait' };
  const [latest] = settled;
  if (overwrites === 'changed' && latest !== undefined && hasSameContent(own, latest)) {
    return ignored('the content is that of the version before', latest);
  }
  return { kind: 'deliver', parent: latest?.threadId };
};

const byTime = (a: Version, b: Version): number => (b.settledAt ?? 0) - (a.settledAt ?? 0);

const isBackfilled = ({ order }: Version): boolean => order.startsWith('etag-');

/** Two uploads of the same content can have different eTags, for example with other part sizes; they count as changed. */
const hasSameContent = (own: Pick<Version, 'eTag' | 'sizeBytes'>, other: Version): boolean =>
  own.eTag !== undefined && own.eTag === other.eTag && own.sizeBytes === other.sizeBytes;

const ignored = (detail: string, { threadId }: Version): VersionVerdict => ({
  kind: 'ignored',
  detail,
  parent: threadId,
});
