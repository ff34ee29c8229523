import { Readable } from 'node:stream';
import { createDeliver } from '../../../lambdas/relay/delivery/deliver.ts';
import { createReject } from '../../../lambdas/relay/delivery/settle.ts';
import { createCircuit } from '../../../lambdas/relay/domain/circuit.ts';
import type { DeliveryId } from '../../../lambdas/relay/domain/delivery.ts';
import { ChatUnreachableError, SourceError } from '../../../lambdas/relay/domain/errors.ts';
import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { createHandler } from '../../../lambdas/relay/handler.ts';
import { createPacer } from '../../../lambdas/relay/pacing/pacer.ts';
import type { Chat, Claim, Ledger, ObjectStore, Queues, Rooms, SourceObject } from '../../../lambdas/relay/ports.ts';
import type { MemoryTable } from '../../helpers/memory-ledger.ts';
import type { ChatModel } from './chat-model.ts';
import { chatFaults, confirmFaults, ledgerFaults, mediaFaults, queueFaults, sourceFaults } from './faults.ts';
import { type Caller, createCaller, type Process } from './process.ts';
import type { QueueModel } from './queue-model.ts';
import type { Choices, Simulation } from './simulation.ts';

/** Everything outside the function. All processes share it. */
export interface World {
  readonly simulation: Simulation;
  readonly choices: Choices;
  readonly chat: ChatModel;
  readonly queue: QueueModel;
  readonly table: MemoryTable;
  readonly settings: Settings;
  /** Whether S3 still stores the version. */
  readonly isReadable: (object: CreatedObject) => boolean;
  /** When each object was first claimed. */
  readonly firstClaims: Map<string, number>;
  /** When each object was first claimed after its last dead letter. */
  readonly standingClaims: Map<string, number>;
  readonly count: (fault: string) => void;
  readonly trace: (line: string) => void;
}

export const ROOM_ID = 'ROOM';
export const objectName = ({ key, sequencer }: Pick<CreatedObject, 'key' | 'sequencer'>): string =>
  `${key}@${sequencer}`;

/** One process of the function: the real handler on modelled ports. */
export const createFunction = (world: World, process: Process) => {
  const { clock } = process;
  const random = () => world.choices.next(256) / 256;
  const caller = createCaller(world.simulation, world.choices, process, world.count, world.trace);
  const queues = queuesOf(world, caller);
  const silent = () => {};
  const logger = { info: silent, warn: silent, error: silent };
  const settling = {
    settings: world.settings,
    clock,
    random,
    logger,
    queues,
    pacer: createPacer({ now: clock.now, random }),
    circuit: createCircuit({ now: clock.now }),
    ledger: ledgerOf(world, caller, clock.now),
  };
  const deliver = createDeliver({
    ...settling,
    chat: chatOf(world, caller),
    bot: { userId: async () => 'bot' },
    rooms: roomsOf(caller),
    store: storeOf(world, caller),
  });
  return createHandler({
    deliver,
    reject: createReject(settling),
    buckets: new Set(['bucket']),
    queues,
    logger,
    clock,
    metrics: { add: silent },
    filesAtOnce: 2,
    abortAfter: (delayMs) => {
      const controller = new AbortController();
      world.simulation.schedule(delayMs, () => controller.abort(TIME_IS_OVER));
      return controller.signal;
    },
  });
};

/** The reason of all aborts. Without it, each abort would create a DOMException with a stack trace. */
const TIME_IS_OVER = new Error('the invocation is out of time');
const aborted = () => new ChatUnreachableError('aborted', { code: 'ABORTED', mayHaveActed: true });

interface ModelSource extends SourceObject {
  readonly object: string;
  readonly isWhole: boolean;
}

const storeOf = ({ isReadable, choices, count }: World, { call }: Caller): ObjectStore => ({
  open: (object, { signal }) =>
    call({
      name: 'GetObject',
      faults: sourceFaults,
      signal,
      aborted,
      effect: (): ModelSource => {
        if (!isReadable(object)) throw new SourceError('gone', { code: 'OBJECT_GONE' });
        const isWhole = choices.isUsedUp || choices.next(16) !== 1;
        if (!isWhole) count('GetObject: short body');
        return {
          object: objectName(object),
          isWhole,
          sizeBytes: object.sizeBytes,
          contentType: undefined,
          body: Readable.from([]),
          close: () => {},
        };
      },
    }),
  contentType: () => Promise.resolve(undefined),
});

const roomsOf = ({ call }: Caller): Rooms => ({
  resolve: (_room, _threadId, { signal }) =>
    call({ name: 'rooms.info', faults: chatFaults, signal, aborted, effect: () => ROOM_ID }),
});

const chatOf = (world: World, { call }: Caller): Chat => ({
  uploadMedia: async (roomId, file, { signal }) => {
    const source = file.source as ModelSource;
    // The real client never completes a request whose source fails.
    if (!source.isWhole) throw new SourceError('short', { code: 'SOURCE_SHORT' });
    const effect = () => ({
      fileId: world.chat.storeFile(source.object, roomId, source.isWhole),
      uploadedAt: world.simulation.now(),
    });
    return call({ name: 'rooms.media', faults: mediaFaults, signal, aborted, effect });
  },
  confirmMedia: async ({ roomId, fileId }, _message, { signal }) => {
    const confirm = world.chat.startConfirm(
      fileId,
      (object) => world.standingClaims.get(object) ?? world.simulation.now(),
    );
    const effect = () => ({ messageId: world.chat.confirm(roomId, fileId, confirm) });
    return call({ name: 'rooms.mediaConfirm', faults: confirmFaults, signal, aborted, effect });
  },
  findMessage: ({ roomId, upload }, { signal }) =>
    call({
      name: 'chat.syncMessages',
      faults: chatFaults,
      signal,
      aborted,
      effect: () => {
        const messageId = world.chat.look(roomId, upload.fileId);
        return messageId === undefined ? undefined : { messageId };
      },
    }),
});

const ledgerOf = (
  { table, firstClaims, standingClaims, simulation }: World,
  { call }: Caller,
  now: () => number,
): Ledger => {
  const noted = (id: DeliveryId, claim: Claim): Claim => {
    const name = objectName(id);
    if (claim.kind === 'claimed') {
      for (const claims of [firstClaims, standingClaims]) if (!claims.has(name)) claims.set(name, simulation.now());
    }
    return claim;
  };

  return {
    claim: (id, lease, options) =>
      call({
        name: 'ledger claim',
        faults: ledgerFaults,
        effect: () => noted(id, table.claim(now(), id, lease, options)),
      }),
    claimUploaded: (id, lease, options) =>
      call({
        name: 'ledger claim with upload',
        faults: ledgerFaults,
        effect: () => noted(id, table.claimUploaded(now(), id, lease, options)),
      }),
    record: (id, owner, change) =>
      call({
        name: `ledger ${change.kind}`,
        faults: ledgerFaults,
        effect: () => {
          table.record(id, owner, change);
          if (change.kind === 'dead-lettered') standingClaims.delete(objectName(id));
        },
      }),
    findOther: (id) => call({ name: 'ledger query', faults: ledgerFaults, effect: () => table.findOther(id) }),
  };
};

const queuesOf = ({ queue }: World, { call }: Caller): Queues => ({
  postpone: (handle, delayMs) =>
    call({ name: 'ChangeMessageVisibility', faults: queueFaults, effect: () => queue.postpone(handle, delayMs) }),
  sendDeadLetter: (letter) =>
    call({ name: 'SendMessage', faults: queueFaults, effect: () => void queue.deadLetters.push(letter) }),
});
