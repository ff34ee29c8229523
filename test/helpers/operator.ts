import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';
import { LOCAL_MAPPING_ID } from '../../lib/local/lambda/operations-api.ts';
import { writeLocalFile } from '../../lib/operator/target/local-file.ts';
import { builtCommand } from './built-command.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of `--json`. */
  readonly records: () => Record<string, unknown>[];
}

/** An embedded relay of this process, and the command in processes of its own, which find it with `--local`. */
export interface OperatorWorld {
  readonly relay: LocalRelay;
  /** The environment of the command, apart from PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `npx relay ARGS` to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. @default stdin is empty */
  readonly input?: string;
  readonly cwd?: string;
  /** Gets the process when it has started. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** @param endpointsOf the endpoints that the command finds, if they are not the relay's own */
export const startOperatorWorld = async (
  options: LocalRelayOptions = {},
  endpointsOf: (relay: LocalRelay) => LocalRelay['endpoints'] | Promise<LocalRelay['endpoints']> = (own) =>
    own.endpoints,
): Promise<OperatorWorld> => {
  const runtime = mkdtempSync(join(tmpdir(), 'operator-'));
  const relay = await startLocalRelay(options);
  const env = { XDG_RUNTIME_DIR: runtime };
  const remove = writeLocalFile(env, { ...relay, endpoints: await endpointsOf(relay) }, runtime);
  return {
    relay,
    env,
    run: (args, { env: more, ...run } = {}) => runCommand(args, { ...run, env: { ...env, ...more } }),
    async close() {
      remove();
      rmSync(runtime, { recursive: true, force: true });
      await relay.close();
    },
  };
};

/** Enables or disables the embedded relay's event source mapping, as `relay pause` does, and waits until it is. */
export const enableMapping = async (relay: LocalRelay, isEnabled: boolean): Promise<void> => {
  const url = `${relay.endpoints.lambda}/2015-03-31/event-source-mappings/${LOCAL_MAPPING_ID}`;
  await fetch(url, { method: 'PUT', body: JSON.stringify({ Enabled: isEnabled }) });
  const wanted = isEnabled ? 'Enabled' : 'Disabled';
  while (((await (await fetch(url)).json()) as { State: string }).State !== wanted) await sleep(20);
};

/** Puts objects whose events are lost, as if they were in the bucket before the relay. No other message may wait. */
export const putUnknown = async (relay: LocalRelay, keys: readonly string[]): Promise<void> => {
  await relay.settled();
  await enableMapping(relay, false);
  for (const key of keys) {
    await relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: `content of ${key}` }));
  }
  // Counts the events of all uploads.
  await relay.countMessages('uploads');
  await relay.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: relay.queueUrl }));
  await enableMapping(relay, true);
};

/** Runs `npx relay ARGS` in a process of its own, without the AWS configuration of this machine. */
export const runCommand = async (args: readonly string[], options: RunOptions = {}): Promise<Finished> => {
  const child = spawn(process.execPath, [await builtCommand(), ...args], {
    cwd: options.cwd ?? ROOT,
    env: {
      PATH: process.env['PATH'],
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  options.onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const records = () =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { exitCode, stdout, stderr, records };
};
