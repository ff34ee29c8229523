import { deliveryId } from '../domain/delivery.ts';
import { classify } from '../domain/failure.ts';
import { suspectLoop } from '../domain/loop-guard.ts';
import { requireClean, VALIDATION_KEY } from '../domain/malware-scan.ts';
import { objectFacts } from '../domain/object-facts.ts';
import { type RoomEntry, settledEntry } from '../domain/room-entry.ts';
import { isDirectoryMarker, type Match, matchRoute, mayFit } from '../domain/route.ts';
import { dependsOnVersions } from '../domain/versions.ts';
import type { Outcome } from '../outcome.ts';
import type { Bot, Rooms } from '../ports.ts';
import { type SettleDeps, settle, settleBefore, settleOutOfTime, settleUnclaimed } from './settle.ts';
import { type Delivery, type Ended, NOTHING_HELD, type State, type Target, type Task } from './state.ts';
import { claim, confirm, look, type StepDeps, upload } from './steps.ts';

export interface DeliverDeps extends StepDeps, SettleDeps {
  readonly bot: Bot;
  readonly rooms: Rooms;
}

export type Deliver = (task: Task) => Promise<readonly Outcome[]>;

/**
 * Delivers one object: finds its route, takes the steps for each room, and settles how they ended. Each room has a
 * ledger entry of its own, so a room that is settled is skipped when the message comes back for another one. Never
 * throws: the object ends posted, ignored, gone or dead-lettered, or its message comes back.
 */
export const createDeliver = (deps: DeliverDeps): Deliver => {
  const { settings, store } = deps;

  return async (task) => {
    const { object, signal } = task;
    if (isDirectoryMarker(object)) return [{ kind: 'ignored', detail: 'a directory marker' }];
    if (!mayFit(settings.routes, object)) return [NO_ROUTE];

    const isScanRequired = settings.requireMalwareScan === true;
    if (isScanRequired && object.key === VALIDATION_KEY) return [VALIDATION];

    const facts = objectFacts(object, {
      details: async () => {
        // With a required scan, S3 lets the function read only objects that were found clean, also their metadata.
        if (isScanRequired) requireClean(await facts.tags());
        return store.describe(object, { signal });
      },
      tags: () => store.tags(object, { signal }),
    });
    let match: Match | undefined;
    try {
      if (await isOwnUpload(deps.bot, object.key)) return [LOOP];
      match = await matchRoute(settings.routes, facts);
      if (isScanRequired && match !== undefined && match.rooms.length > 0) requireClean(await facts.tags());
    } catch (error) {
      return [await settleUnclaimed(deps, task, undefined, classify(error, 'source'))];
    }
    if (match === undefined) return [NO_ROUTE];
    const { route, rooms, place } = match;
    if (rooms.length === 0) return [{ kind: 'ignored', detail: `routes[${place}] ignores it` }];

    return deliverToAll(deps, task, { route, facts }, rooms);
  };
};

/**
 * Delivers to one room after the other. Each receive of the message begins with another room, so that a room whose
 * uploads take all of an invocation's time does not keep the others waiting until it is settled.
 */
const deliverToAll = async (
  deps: DeliverDeps,
  task: Task,
  found: Pick<Target, 'route' | 'facts'>,
  rooms: readonly string[],
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  const delivered = new Set<string>();
  const isOneOfSeveral = rooms.length > 1;
  const entries = isOneOfSeveral && isRepeat(task) ? await entriesOf(deps, task) : [];
  const first = (task.message.receiveCount - 1) % Math.max(1, rooms.length);
  for (const room of [...rooms.slice(first), ...rooms.slice(0, first)]) {
    const target = { ...found, room };
    const settled = settledEntry(entries, room, task.message);
    if (settled !== undefined) outcomes.push(settleBefore(room, settled));
    else if (outcomes.length > 0 && deps.clock.now() >= task.deadlineAt) {
      outcomes.push(await settleOutOfTime(deps, task, target));
    } else {
      const outcome = await deliverTo(deps, task, target, delivered, isOneOfSeveral);
      if (outcome !== undefined) outcomes.push(outcome);
    }
  }
  return outcomes;
};

/** What the ledger has of the object in its rooms. Without it, each room's own claim finds out. */
const entriesOf = async ({ ledger, logger }: DeliverDeps, { object }: Task): Promise<readonly RoomEntry[]> => {
  const { bucket, key, sequencer, eTag } = object;
  try {
    return await ledger.findRooms({ bucket, key, sequencer, eTag });
  } catch (error) {
    const { detail } = classify(error, 'ledger');
    logger.warn('the ledger could not be asked which rooms are settled', { bucket, key, sequencer, detail });
    return [];
  }
};

/** @returns `undefined` if the room is one of `delivered` under another name */
const deliverTo = async (
  deps: DeliverDeps,
  task: Task,
  target: Target,
  delivered: Set<string>,
  isOneOfSeveral: boolean,
): Promise<Outcome | undefined> => {
  const { circuit } = deps;
  const known = circuit.admit(target.room);
  if (known !== undefined) return settleUnclaimed(deps, task, target, known);
  try {
    return await deliverOnce(deps, task, target, delivered, isOneOfSeveral);
  } finally {
    circuit.release(target.room);
  }
};

const deliverOnce = async (
  deps: DeliverDeps,
  task: Task,
  target: Target,
  delivered: Set<string>,
  isOneOfSeveral: boolean,
): Promise<Outcome | undefined> => {
  const { route, room } = target;
  let roomId: string;
  try {
    // The limits are read together with the room, so that the delivery does not wait for them later.
    [roomId] = await Promise.all([
      deps.rooms.resolve(room, route.threadId, { signal: task.signal }),
      deps.limits.read({ signal: task.signal }),
    ]);
  } catch (error) {
    const failure = classify(error, 'room');
    deps.circuit.open(room, failure);
    return settleUnclaimed(deps, task, target, failure);
  }
  if (delivered.has(roomId)) return undefined;
  delivered.add(roomId);
  const delivery: Delivery = { ...task, ...target, roomId, id: deliveryId(task.object, roomId), isOneOfSeveral };
  return settle(deps, delivery, await takeSteps(deps, delivery));
};

/** Goes from state to state, as in the diagram of docs/guarantee.md, until the delivery ends. */
const takeSteps = async (deps: StepDeps, delivery: Delivery): Promise<Ended> => {
  const first = { kind: 'uploading', held: NOTHING_HELD } as const;
  const isClaimedFirst = isRepeat(delivery) || dependsOnVersions(delivery.route);
  let state: State | Ended = isClaimedFirst ? await claim(deps, delivery, first) : first;
  for (;;) {
    switch (state.kind) {
      case 'uploading':
        state = await upload(deps, delivery, state);
        break;
      case 'uploaded':
        state = await confirm(deps, delivery, state);
        break;
      case 'in-doubt':
        state = await look(deps, delivery, state);
        break;
      default:
        return state;
    }
  }
};

/** Whether the object may have been delivered before. */
const isRepeat = ({ object, message }: Task): boolean =>
  (message.receiveCount > 1 && message.isUntouched !== true) ||
  object.sequencer === undefined ||
  message.failedAt !== undefined;

const VALIDATION: Outcome = { kind: 'ignored', detail: 'the object with which GuardDuty checks its permissions' };
const NO_ROUTE: Outcome = { kind: 'ignored', detail: 'no route fits' };
const LOOP: Outcome = {
  kind: 'ignored',
  detail:
    'the key is that of a file which Rocket.Chat keeps in this bucket; posting it would make another one. ' +
    'Use a separate bucket for Rocket.Chat, or prefixes in the routes that exclude its uploads',
  isLoopSuspected: true,
};

/** Checked only for objects that a route may fit: a bucket may be shared with Rocket.Chat by prefixes. */
const isOwnUpload = async (bot: Bot, key: string): Promise<boolean> => {
  const suspicion = suspectLoop(key);
  if (suspicion === undefined) return false;
  return suspicion.isExact || suspicion.uploaderId === (await bot.userId());
};
