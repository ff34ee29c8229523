import * as v from 'valibot';
import { type SettingsInput, SettingsSchema } from '../../../lambdas/relay/domain/settings.ts';
import type { Ledger } from '../../../lambdas/relay/ports.ts';
import type { RateLimit } from '../../../lib/local/chat-server/state/rate-limit.ts';
import { notification, START, s3Record } from '../factories.ts';
import { createMemoryLedger } from '../memory-ledger.ts';
import { type CallOfChat, createVirtualChat, type VirtualChatOptions } from './chat.ts';
import { createFunction } from './function.ts';
import { relayQueue } from './mapping.ts';
import { createVirtualQueue, type VirtualQueue } from './queue.ts';
import { createRandom } from './random.ts';
import { createVirtualTime } from './time.ts';

export interface Scenario extends Pick<VirtualChatOptions, 'clockSkewMs' | 'mediaMs' | 'spoilHeaders'> {
  readonly files: number;
  /** One address per process. Processes with the same address share a rate limit. */
  readonly addresses: readonly string[];
  readonly rateLimit: RateLimit | undefined;
  readonly seed?: number;
  readonly settings?: Partial<SettingsInput>;
  /** Changes the limit after this time. */
  readonly change?: {
    readonly afterMs: number;
    readonly rateLimit: RateLimit | undefined;
    /** The processes are replaced at the same time, so their memory is lost. @default false */
    readonly isForgotten?: boolean;
  };
  /** One process is replaced by a new one at this interval, as Lambda does. @default never */
  readonly replaceEveryMs?: number;
  readonly inFlightQuota?: number;
  /** @default true */
  readonly isPaced?: boolean;
}

export interface Result {
  readonly posted: number;
  /** Files that were posted more than once. */
  readonly repeated: number;
  readonly deadLetters: number;
  readonly startedAt: number;
  readonly drainMs: number;
  readonly calls: readonly CallOfChat[];
  readonly rejected: number;
  /** In the worst window of one route and address. */
  readonly rejectedInAWindow: number;
  readonly receives: { readonly average: number; readonly most: number };
  readonly sqs: { readonly receive: number; readonly postpone: number; readonly read: number; readonly wake: number };
  readonly ledger: { readonly writes: number; readonly reads: number };
  readonly invocations: number;
  /** Run time of the function, the sum over all processes. */
  readonly busyMs: number;
  readonly uploads: number;
  readonly metrics: ReadonlyMap<string, readonly number[]>;
}

/** Uploads a burst of files and runs the real function in virtual time until the queue is empty. */
export const simulate = async (scenario: Scenario): Promise<Result> => {
  const { files, addresses, isPaced = true } = scenario;
  const time = createVirtualTime(START);
  const random = createRandom(scenario.seed ?? 1);
  const chat = createVirtualChat({ ...scenario, time, random });
  const queue = createVirtualQueue({ time, random, inFlightQuota: scenario.inFlightQuota });
  const ledger = countedLedger(createMemoryLedger({ clock: time }));
  const metrics = new Map<string, number[]>();
  const settings = v.parse(SettingsSchema, { routes: [{ room: '#general' }], ...scenario.settings });

  sendBurst(queue, files);
  const start = (address: string) =>
    createFunction({
      settings,
      clock: time,
      random,
      send: chat.sendFrom(address),
      ledger,
      queues: queue.queues,
      backlog: queue.backlog,
      metrics: { add: (name, value = 1) => void metrics.set(name, [...(metrics.get(name) ?? []).slice(-99), value]) },
      isPaced,
    });
  const processes = addresses.map(start);
  void changeLimit(scenario, time.sleep, (limit, isForgotten) => {
    chat.setRateLimit(limit);
    if (isForgotten) processes.splice(0, processes.length, ...addresses.map(start));
  });
  if (scenario.replaceEveryMs !== undefined) {
    void replaceProcesses(scenario.replaceEveryMs, time.sleep, (turn) => {
      const index = turn % processes.length;
      processes[index] = start(addresses[index] ?? '');
    });
  }

  let worked = { invocations: 0, busyMs: 0 };
  await time.run(
    relayQueue({ queue, time, random, processes }).then((work) => {
      worked = work;
    }),
  );

  const confirmed = chat.confirmed();
  const rejected = chat.calls.filter(({ isAllowed }) => !isAllowed);
  const receives = queue.receiveCounts;
  return {
    posted: confirmed.length,
    repeated: confirmed.filter((count) => count > 1).length,
    deadLetters: queue.deadLetters(),
    startedAt: START,
    drainMs: (chat.calls.at(-1)?.at ?? START) - START,
    calls: chat.calls,
    rejected: rejected.length,
    rejectedInAWindow: most(rejected.map(({ route, address, window }) => `${route} ${address} ${window}`)),
    receives: { average: receives.reduce((sum, count) => sum + count, 0) / files, most: Math.max(...receives) },
    sqs: queue.calls,
    ledger: ledger.counts,
    ...worked,
    uploads: chat.uploads(),
    metrics,
  };
};

/** Sends the events of this many files, uploaded at the same time. */
export const sendBurst = (queue: Pick<VirtualQueue, 'send'>, files: number): void => {
  for (let file = 0; file < files; file += 1) {
    const sequencer = (file + 1).toString(16).toUpperCase().padStart(16, '0');
    const object = { key: `file-${file}.txt`, size: 100, sequencer };
    queue.send(`message-${file}`, notification(s3Record(object)));
  }
};

const changeLimit = async (
  { change }: Scenario,
  sleep: (ms: number) => Promise<void>,
  act: (limit: RateLimit | undefined, isForgotten: boolean) => void,
): Promise<void> => {
  if (change === undefined) return;
  await sleep(change.afterMs);
  act(change.rateLimit, change.isForgotten === true);
};

const replaceProcesses = async (
  everyMs: number,
  sleep: (ms: number) => Promise<void>,
  replace: (turn: number) => void,
): Promise<never> => {
  for (let turn = 0; ; turn += 1) {
    await sleep(everyMs);
    replace(turn);
  }
};

/** The count of the most frequent name. */
const most = (names: readonly string[]): number => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Math.max(0, ...counts.values());
};

/** No two of the objects are versions of one key, so there is never another. */
export const countedLedger = ({ claim, claimUploaded, record, findVersions, findRooms }: Ledger) => {
  const counts = { writes: 0, reads: 0 };
  return {
    counts,
    claim: (...args: Parameters<Ledger['claim']>) => {
      counts.writes += 1;
      return claim(...args);
    },
    claimUploaded: (...args: Parameters<Ledger['claimUploaded']>) => {
      counts.writes += 1;
      return claimUploaded(...args);
    },
    record: (...args: Parameters<Ledger['record']>) => {
      counts.writes += 1;
      return record(...args);
    },
    findOther: async () => {
      counts.reads += 1;
      return undefined;
    },
    findVersions,
    findRooms,
  };
};
