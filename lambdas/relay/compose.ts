import { createRocketChat } from './adapters/rocket-chat/chat.ts';
import { createClient } from './adapters/rocket-chat/client.ts';
import type { SendHttp } from './adapters/rocket-chat/http.ts';
import { createNotices } from './adapters/rocket-chat/notices.ts';
import { createRooms } from './adapters/rocket-chat/rooms.ts';
import { createServerLimits } from './adapters/rocket-chat/server-limits.ts';
import { createThreads } from './adapters/rocket-chat/threads.ts';
import type { CredentialsSource } from './adapters/secrets-manager/credentials.ts';
import { createDeliver } from './delivery/deliver.ts';
import { createReject } from './delivery/settle.ts';
import { createCircuit } from './domain/circuit.ts';
import type { Settings } from './domain/settings.ts';
import { createHandler, type Handler } from './handler.ts';
import { createOperations } from './observe/operations.ts';
import { traced } from './observe/tracing.ts';
import { createPacer, type Pacer } from './pacing/pacer.ts';
import { createPacing } from './pacing/pacing.ts';
import type { Backlog, Clock, Ledger, Links, Logger, Metrics, ObjectStore, Queues, Random, Trace } from './ports.ts';

export interface RelayPorts {
  readonly settings: Settings;
  /** The buckets that the relay was deployed for. */
  readonly buckets: readonly string[];
  /** The `maxReceiveCount` of the uploads queue. @default unknown */
  readonly maxReceiveCount?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Returns a signal that aborts after the delay. */
  readonly abortAfter: (delayMs: number) => AbortSignal;
  /** Sends requests to the chat server. */
  readonly send: SendHttp;
  readonly credentials: CredentialsSource;
  readonly store: ObjectStore;
  readonly links: Links;
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly backlog: Backlog;
  /** @default calls are not traced */
  readonly trace?: Trace | undefined;
  /** Replaces the pacer; sleeping messages are then not woken. @default a pacer that follows the server's rate limit */
  readonly pacer?: Pacer | undefined;
}

/** Builds the relay, an SQS handler, from its ports. */
export const composeRelay = (ports: RelayPorts): Handler => {
  const { settings, clock, random, logger, metrics, abortAfter, credentials, store, ledger, queues, backlog } = ports;
  const { maxCallsPerMinute, operationsRoom, filesAtOnce } = settings;
  const pacer = ports.pacer ?? createPacer({ now: clock.now, random, maxCallsPerMinute });
  const client = createClient({ send: ports.send, credentials, clock, pacer });
  const circuit = createCircuit({ now: clock.now });
  const rooms = createRooms({ client, clock });
  const limits = createServerLimits({ client, clock, logger });
  const notices = createNotices(client);
  const calls = { chat: createRocketChat(client, rooms, limits), store };
  const { maxReceiveCount } = ports;
  const settling = { settings, clock, random, logger, queues, ledger, pacer, circuit, maxReceiveCount };
  const deliver = createDeliver({
    ...settling,
    rooms,
    limits,
    links: ports.links,
    notices,
    threads: createThreads({ client, clock }),
    bot: { userId: async () => (await credentials.current()).userId },
    ...(ports.trace === undefined ? calls : traced(calls, ports.trace)),
  });
  const pacing = ports.pacer === undefined ? createPacing({ pacer, backlog, clock, logger, metrics }) : undefined;
  const operations =
    operationsRoom === undefined
      ? undefined
      : createOperations({
          room: operationsRoom,
          rooms,
          notices,
          circuit,
          clock,
          logger,
          abortAfter,
        });
  const reject = createReject(settling);
  const buckets = new Set(ports.buckets);
  return createHandler({
    deliver,
    reject,
    buckets,
    queues,
    metrics,
    pacing,
    operations,
    logger,
    clock,
    abortAfter,
    filesAtOnce,
  });
};
