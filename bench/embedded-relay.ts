import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { peakMemoryMb } from './harness/process-usage.ts';
import type { Bench } from './harness/report.ts';

const MB = 1_000_000;
const ROOT = join(import.meta.dirname, '..');

/** The embedded relay of `npm start`. Its chat server refuses more than 100 MiB, after it has read the whole file. */
export const bench: Bench = {
  question: 'How much memory does the main process of `npm start` take?',
  async run({ quick }) {
    const bigBytes = (quick ? 20 : 200) * MB;
    const count = quick ? 100 : 1_000;
    const folder = mkdtempSync(join(tmpdir(), 'embedded-'));
    const watched = mkdtempSync(join(folder, 'watched-'));
    const first = join(folder, 'first.txt');
    writeFileSync(first, 'first');
    const relay = startRelay(['--json', '--port', '0', '--watch', watched, first]);
    try {
      const { s3Endpoint, bucket } = await relay.event(({ event }) => event === 'ready');
      await relay.event(({ key }) => key === 'first.txt');
      const started = relay.memory();
      const url = `${s3Endpoint}/${bucket}/big.bin`;
      await put(url, bigBytes);
      await relay.event(({ key, event }) => key === 'big.bin' && event !== 'retrying');
      const afterBig = relay.memory();
      const startedAt = performance.now();
      for (let i = 0; i < count; i += 1) writeFileSync(join(watched, `${i}.txt`), `file ${i}`);
      await relay.events(count + 2);
      const seconds = (performance.now() - startedAt) / 1_000;
      const afterMany = relay.memory();
      const row = (name: string, { peak, now }: Memory) => [name, peak.toFixed(0), now.toFixed(0)];
      return {
        columns: ['', 'peak MB resident', 'MB resident at the end'],
        rows: [
          row('one small file', started),
          row(`and one of ${bigBytes / MB} MB`, afterBig),
          row(`and ${count} small files`, afterMany),
        ],
        repeats: 'one process',
        notes: [`The small files were put into a watched folder and were all posted after ${seconds.toFixed(1)} s.`],
        gates: [{ what: 'MB, peak', reached: afterMany.peak, better: 'smaller', must: 250, digits: 0 }],
      };
    } finally {
      await relay.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Memory {
  readonly peak: number;
  readonly now: number;
}

type Event = Readonly<Record<string, string>>;

const startRelay = (args: readonly string[]) => {
  // The command of `npm start` with its flags of Node, without npm, which passes no signals on.
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [, ...start] = scripts.start.split(' ');
  const child = spawn(process.execPath, [...start, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const seen: Event[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as Event);
    for (const listener of listeners) listener();
  });
  const until = <Result>(find: () => Result | undefined): Promise<Result> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
      look();
    });
  const pid = child.pid ?? 0;
  return {
    event: (isWanted: (event: Event) => boolean) => until(() => seen.find(isWanted)),
    /** Waits for the ends of so many objects. */
    events: (count: number) =>
      until(() =>
        seen.filter(({ event }) => event === 'posted' || event === 'dead-lettered').length >= count ? true : undefined,
      ),
    memory: (): Memory => ({
      peak: peakMemoryMb(pid),
      now: Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    }),
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
};

const put = async (url: string, sizeBytes: number): Promise<void> => {
  const sent = request(url, { method: 'PUT', headers: { 'content-length': sizeBytes } });
  const answered = once(sent, 'response');
  const chunk = Buffer.alloc(MB, 'relay');
  await pipeline(Readable.from(Array.from({ length: sizeBytes / MB }, () => chunk)), sent);
  const [response] = await answered;
  response.resume();
  if (response.statusCode !== 200) throw new Error(`the upload was answered with ${response.statusCode}`);
};
