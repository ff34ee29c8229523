import type { Settings } from '../domain/settings.ts';
import {
  dependsOnVersions,
  judgeVersions,
  postsOnlyFirst,
  type VersionVerdict,
  versionOrder,
} from '../domain/versions.ts';
import { olderPending, superseded } from '../domain/wait.ts';
import type { Clock, Ledger, Other, Random } from '../ports.ts';
import type { Delivery, Ended, Held } from './state.ts';

export interface OrderDeps {
  readonly settings: Pick<Settings, 'retryForHours'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
}

/** How a delivery goes on after it has asked the ledger for the other versions of its key. */
export type Order = { readonly kind: 'next'; readonly held: Held } | Ended;

/**
 * Asks the ledger for the other versions of the key. It ends the delivery of an older version after a newer one was
 * claimed, of a backfilled object that was posted before, of an object that a backfill has posted, and of an overwrite
 * that the route does not post. A version waits for older ones if its delivery depends on them.
 *
 * @throws LedgerError
 */
export const checkOrder = async (deps: OrderDeps, delivery: Delivery, held: Held): Promise<Order> => {
  if (held.isOrderChecked) return { kind: 'next', held };
  const { ledger } = deps;
  const { id, route, object } = delivery;
  const mayComeAfterNewer = postsOnlyFirst(route) && id.sequencer !== undefined;
  const other = mayComeAfterNewer ? undefined : await ledger.findOther(id, object.createdAt);
  if (other !== undefined) return endSuperseded(deps, delivery, held, other);
  if (!dependsOnVersions(route)) return { kind: 'next', held: { ...held, isOrderChecked: true } };
  return follow(deps, delivery, held, await judge(deps, delivery));
};

const judge = async ({ ledger, clock, settings }: OrderDeps, delivery: Delivery): Promise<VersionVerdict> => {
  const { id, object, route, message } = delivery;
  const now = clock.now();
  const own = { order: versionOrder(id), eTag: object.eTag, sizeBytes: object.sizeBytes };
  const isPatient = now < message.sentAt + settings.retryForHours * 3_600_000;
  return judgeVersions(own, await ledger.findVersions(id), route, { now, isPatient });
};

const follow = async (deps: OrderDeps, delivery: Delivery, held: Held, verdict: VersionVerdict): Promise<Order> => {
  const { id, lease, route, message } = delivery;
  switch (verdict.kind) {
    case 'deliver': {
      // With `first` it asks once more between its upload and its confirm; see `judgeVersions`.
      const isOrderChecked = !postsOnlyFirst(route) || held.upload !== undefined;
      return { kind: 'next', held: { ...held, isOrderChecked, parent: verdict.parent } };
    }
    case 'wait':
      return {
        kind: 'waiting',
        held,
        failure: olderPending,
        delayMs: pollDelayMs(message.receiveCount, deps.random()),
      };
    case 'superseded':
      return { kind: 'failed', held, failure: superseded };
    case 'ignored': {
      const { detail, parent } = verdict;
      const change = { kind: 'ignored', ignoredAt: deps.clock.now(), lastError: detail, threadId: parent } as const;
      await deps.ledger.record(id, lease.owner, change);
      return { kind: 'ignored', detail };
    }
    default:
      return verdict satisfies never;
  }
};

const endSuperseded = async (
  { ledger }: OrderDeps,
  { id, lease }: Delivery,
  held: Held,
  other: Other,
): Promise<Ended> => {
  if (other.kind === 'newer') return { kind: 'failed', held, failure: superseded };
  await ledger.record(id, lease.owner, { kind: 'gone', lastError: 'SUPERSEDED' });
  return { kind: 'duplicate', messageId: other.messageId };
};

/** The older version may be posted at any moment, so the first tries are soon. From 2 s to 1 min. */
const pollDelayMs = (receiveCount: number, random: number): number =>
  Math.round(Math.min(60_000, 1_000 * 2 ** Math.min(receiveCount, 6)) * (0.5 + random / 2) + 1_000);
