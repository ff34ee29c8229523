import type { LocalRelayOptions } from '../../../lib/local/index.ts';
import { type OperatorWorld, startOperatorWorld } from '../../helpers/operator.ts';
import { type KillPoint, type KillProxy, startKillProxy } from './kill-proxy.ts';

/** What a run of killed commands showed. */
export interface KillReport {
  readonly seed: number;
  /** How many commands were killed, and how many ended before their point. */
  readonly killed: number;
  readonly finished: number;
  readonly objects: number;
  /** Keys of objects that have no message, and of those that have several. */
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly lettersLeft: number;
}

/** A thousand objects may have to be posted before the queue is empty. */
export const SETTLED_WITHIN_MS = 600_000;

export const isKept = ({ lost, twice, lettersLeft }: KillReport): boolean =>
  lost.length + twice.length + lettersLeft === 0;

export interface KillWorld extends OperatorWorld {
  /** Runs a command that is killed at a request to SQS. @returns whether it was */
  runKilled(args: readonly string[], point: KillPoint): Promise<boolean>;
  /** The messages of the room by the key in their text. */
  judge(keys: readonly string[]): Promise<Pick<KillReport, 'lost' | 'twice' | 'lettersLeft'>>;
}

export const startKillWorld = async (options: LocalRelayOptions = {}): Promise<KillWorld> => {
  let proxy: KillProxy | undefined;
  const world = await startOperatorWorld(options, async ({ endpoints }) => {
    proxy = await startKillProxy(endpoints.sqs);
    return { ...endpoints, sqs: proxy.endpoint };
  });
  return {
    ...world,
    async runKilled(args, point) {
      const { exitCode } = await world.run(args, { onStart: (child) => void proxy?.arm(child, point) });
      return exitCode === null;
    },
    async judge(keys) {
      const counts = new Map<string, number>();
      for (const { msg } of world.relay.chat?.messages('general') ?? []) counts.set(msg, (counts.get(msg) ?? 0) + 1);
      const count = (key: string) => counts.get(`\`${key}\``) ?? 0;
      return {
        lost: keys.filter((key) => count(key) === 0),
        twice: keys.filter((key) => count(key) > 1),
        lettersLeft: (await world.relay.peekDeadLetters()).length,
      };
    },
    async close() {
      await world.close();
      await proxy?.close();
    },
  };
};
