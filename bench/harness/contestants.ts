import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { heapFlags } from '../../lib/local/lambda/lambda-environment.ts';
import { cpuSeconds, peakMemoryMb } from './process-usage.ts';

/** A way to send a file, in its own process. */
export interface Contestant {
  /** Sends one object from S3 to the chat server. */
  send(from: string, to: string): Promise<void>;
  cpuSeconds(): number;
  peakMemoryMb(): number;
  stop(): Promise<void>;
}

/**
 * Starts a contestant with the heap size of a function of `memoryMb`. With a larger heap, garbage is collected less
 * often.
 * @param name a file in bench/contestants that exports `send(from, to)`
 */
export const startContestant = async (name: string, memoryMb = 256): Promise<Contestant> => {
  const execArgv = heapFlags(memoryMb);
  const child = fork(join(import.meta.dirname, 'contestant-process.ts'), [name], { execArgv });
  await answerOf(child);
  const pid = child.pid ?? 0;
  return {
    async send(from, to) {
      const answer = answerOf(child);
      child.send({ from, to });
      const error = await answer;
      if (error !== 'ok') throw new Error(`${name}: ${error}`);
    },
    cpuSeconds: () => cpuSeconds(pid),
    peakMemoryMb: () => peakMemoryMb(pid),
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
};

const answerOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    child.once('message', resolve);
    child.once('exit', () => resolve('the process has ended'));
  });
