import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { failedInvocation, type Invocation } from './invocation.ts';
import { heapFlags, type LambdaShape, lambdaEnvironment } from './lambda-environment.ts';
import { startRuntimeApi } from './runtime-api.ts';

export interface FunctionHostOptions extends LambdaShape {
  /** The deployed folder, with `index.js` and its other files. */
  readonly taskRoot: string;
  /** A folder that the process removes when this process has been killed, except for a drop folder that holds files. */
  readonly runFolder?: string | undefined;
  /** @default 'index.handler' */
  readonly handler?: string | undefined;
  readonly timeoutMs: number;
  /** The function's own environment variables. It gets these and Lambda's, and none of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called for each line that the function writes. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
}

export interface FunctionHost {
  /** Undefined while no process runs, for example after a crash. */
  readonly pid: number | undefined;
  /**
   * Runs one invocation. A crash or time-out of the function is a result of kind `failed`.
   * @throws Error if another invocation is still running
   */
  invoke(event: unknown): Promise<Invocation>;
  /** Kills the process and resolves when it has ended. The next invocation gets a new process. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Later invocations get a new process, which reads the deployed folder again. A running invocation ends first. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

const LOOP = join(import.meta.dirname, 'runtime-loop.cjs');
/** Lambda's time-out of the init phase, in which the function is loaded. */
const INIT_TIMEOUT_MS = 10_000;

/** Runs the function's bundle in a separate process, like an execution environment of Lambda. The process starts at once. */
export const startFunctionHost = async (options: FunctionHostOptions): Promise<FunctionHost> => {
  const functionArn = `arn:aws:lambda:${options.region}:000000000000:function:${options.functionName}`;
  let child: ChildProcess | undefined;
  let initError: Invocation | undefined;
  let isBusy = false;
  let isClosed = false;
  let isStale = false;
  let renewing: Promise<void> | undefined;

  const api = await startRuntimeApi({
    functionArn,
    onInitError(error) {
      initError = error;
    },
  });

  const start = (): ChildProcess => {
    const { handler = 'index.handler', taskRoot } = options;
    initError = undefined;
    const started = spawn(process.execPath, [...heapFlags(options.memoryMb), LOOP, options.runFolder ?? ''], {
      cwd: taskRoot,
      env: {
        ...options.environment,
        ...lambdaEnvironment(options, { taskRoot, handler, runtimeApi: api.address }),
      },
      // The IPC channel closes when this process ends, even if it is killed. The child then ends itself.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = started[stream];
      if (input !== null) createInterface({ input }).on('line', (line) => options.onLine?.(line, stream));
    }
    // 'close' is emitted after the last line was read.
    started.once('close', (code, signal) => {
      if (child !== started) return;
      child = undefined;
      api.abandon(initError ?? exitError(code, signal));
    });
    started.once('error', (error) => {
      if (child === started) child = undefined;
      api.abandon(failedInvocation('Runtime.InvalidEntrypoint', error.message));
    });
    return started;
  };

  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const dying = child;
    if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
    const closed = once(dying, 'close');
    dying.kill(signal);
    await closed;
  };

  const timeOut = (message: string): void => {
    const dying = child;
    child = undefined;
    dying?.kill('SIGKILL');
    api.abandon(failedInvocation('Sandbox.Timedout', message));
  };

  const renew = async (): Promise<void> => {
    await kill();
    isStale = false;
    renewing = undefined;
    if (!isClosed) child ??= start();
  };

  child = start();
  return {
    get pid() {
      return child?.pid;
    },
    async invoke(event) {
      await renewing;
      if (isClosed) return failedInvocation('Runtime.ExitError', 'the function host is closed');
      if (isBusy) throw new Error('A function host runs one invocation at a time: start more hosts.');
      isBusy = true;
      child ??= start();
      let timer = setTimeout(() => timeOut('Init phase timed out after 10.00 seconds'), INIT_TIMEOUT_MS);
      try {
        return await api.offer(JSON.stringify(event), (requestId) => {
          clearTimeout(timer);
          const seconds = (options.timeoutMs / 1000).toFixed(2);
          const message = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`;
          timer = setTimeout(() => timeOut(message), options.timeoutMs);
          return Date.now() + options.timeoutMs;
        });
      } finally {
        clearTimeout(timer);
        isBusy = false;
        if (isStale && !isClosed) {
          renewing = renew();
          await renewing;
        }
        // After a crash, a new process loads the function before the next invocation.
        if (!isClosed) child ??= start();
      }
    },
    kill,
    async renew() {
      if (isBusy) {
        isStale = true;
        return;
      }
      renewing ??= renew();
      await renewing;
    },
    async close() {
      isClosed = true;
      await kill();
      await api.close();
    },
  };
};

const exitError = (code: number | null, signal: NodeJS.Signals | null): Invocation =>
  failedInvocation(
    'Runtime.ExitError',
    signal === null && code === 0
      ? 'Runtime exited without providing a reason'
      : `Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${signal}`}`,
  );
