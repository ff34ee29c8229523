import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';
import { writeLocalFile } from '../../lib/operator/target/local-file.ts';

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
}

export const startOperatorWorld = async (options: LocalRelayOptions = {}): Promise<OperatorWorld> => {
  const runtime = mkdtempSync(join(tmpdir(), 'operator-'));
  const relay = await startLocalRelay(options);
  const env = { XDG_RUNTIME_DIR: runtime };
  const remove = writeLocalFile(env, relay);
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

/** Runs `npx relay ARGS` in a process of its own, without the AWS configuration of this machine. */
export const runCommand = async (args: readonly string[], options: RunOptions = {}): Promise<Finished> => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/relay.ts'), ...args], {
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
