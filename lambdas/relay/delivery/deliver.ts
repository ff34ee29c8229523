import { deliveryId } from '../domain/delivery.ts';
import { classify } from '../domain/failure.ts';
import { suspectLoop } from '../domain/loop-guard.ts';
import { objectFacts } from '../domain/object-facts.ts';
import { isDirectoryMarker, type Match, matchRoute, mayFit } from '../domain/route.ts';
import type { Outcome } from '../outcome.ts';
import type { Bot, Rooms } from '../ports.ts';
import { type SettleDeps, settle, settleUnclaimed } from './settle.ts';
import { type Delivery, type Ended, NOTHING_HELD, type State, type Target, type Task } from './state.ts';
import { claim, confirm, look, type StepDeps, upload } from './steps.ts';

export interface DeliverDeps extends StepDeps, SettleDeps {
  readonly bot: Bot;
  readonly rooms: Rooms;
}

export type Deliver = (task: Task) => Promise<readonly Outcome[]>;

/**
 * Delivers one object: finds its route, takes the steps for each room, and settles how they ended. Each room has a
 * ledger entry of its own. Never throws: the object ends posted, ignored, gone or dead-lettered, or its message comes
 * back.
 */
export const createDeliver = (deps: DeliverDeps): Deliver => {
  const { settings, store } = deps;

  return async (task) => {
    const { object, signal } = task;
    if (isDirectoryMarker(object)) return [{ kind: 'ignored', detail: 'a directory marker' }];
    if (!mayFit(settings.routes, object)) return [NO_ROUTE];

    const facts = objectFacts(object, {
      details: () => store.describe(object, { signal }),
      tags: () => store.tags(object, { signal }),
    });
    let match: Match | undefined;
    try {
      if (await isOwnUpload(deps.bot, object.key)) return [LOOP];
      match = await matchRoute(settings.routes, facts);
    } catch (error) {
      return [await settleUnclaimed(deps, task, undefined, classify(error, 'source'))];
    }
    if (match === undefined) return [NO_ROUTE];
    const { route, rooms, place } = match;
    if (rooms.length === 0) return [{ kind: 'ignored', detail: `routes[${place}] ignores it` }];

    const outcomes: Outcome[] = [];
    for (const room of rooms) outcomes.push(await deliverTo(deps, task, { route, room }));
    return outcomes;
  };
};

const deliverTo = async (deps: DeliverDeps, task: Task, target: Target): Promise<Outcome> => {
  const { circuit } = deps;
  const known = circuit.admit(target.room);
  if (known !== undefined) return settleUnclaimed(deps, task, target, known);
  try {
    return await deliverOnce(deps, task, target);
  } finally {
    circuit.release(target.room);
  }
};

const deliverOnce = async (deps: DeliverDeps, task: Task, target: Target): Promise<Outcome> => {
  const { route, room } = target;
  let roomId: string;
  try {
    roomId = await deps.rooms.resolve(room, route.threadId, { signal: task.signal });
  } catch (error) {
    const failure = classify(error, 'room');
    deps.circuit.open(room, failure);
    return settleUnclaimed(deps, task, target, failure);
  }
  const delivery: Delivery = { ...task, ...target, roomId, id: deliveryId(task.object, roomId) };
  return settle(deps, delivery, await takeSteps(deps, delivery));
};

/** Goes from state to state, as in the diagram of docs/guarantee.md, until the delivery ends. */
const takeSteps = async (deps: StepDeps, delivery: Delivery): Promise<Ended> => {
  const first = { kind: 'uploading', held: NOTHING_HELD } as const;
  let state: State | Ended = isRepeat(delivery) ? await claim(deps, delivery, first) : first;
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
