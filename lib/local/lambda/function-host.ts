import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { failedInvocation, type Invocation } from './invocation.ts';
import { heapFlags, type LambdaShape, lambdaEnvironment } from './lambda-environment.ts';
import { startRuntimeApi } from './runtime-api.ts';

export interface FunctionHostOptions extends LambdaShape {
  /** The folder that is deployed: `index.js` and what lies beside it. */
  readonly taskRoot: string;
  /** @default 'index.handler' */
  readonly handler?: string | undefined;
  readonly timeoutMs: number;
  /** The function's own variables. It sees these, what Lambda sets, and nothing of ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** One line that the function wrote. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
}

export interface FunctionHost {
  /** Undefined between a crash and the next invocation. */
  readonly pid: number | undefined;
  /** One at a time. Never rejects: a crash is an answer too. @throws Error if an invocation is on its way */
  invoke(event: unknown): Promise<Invocation>;
  /** Kills the process in whatever it does; resolves when it is dead. The next invocation gets a new one. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const LOOP = join(import.meta.dirname, 'runtime-loop.cjs');
/** Lambda's limit for loading the function. */
const INIT_TIMEOUT_MS = 10_000;

/** Runs the function's bundle in a process of its own, as one execution environment of Lambda does. It starts at once. */
export const startFunctionHost = async (options: FunctionHostOptions): Promise<FunctionHost> => {
  const functionArn = `arn:aws:lambda:${options.region}:000000000000:function:${options.functionName}`;
  let child: ChildProcess | undefined;
  let initError: Invocation | undefined;
  let isBusy = false;
  let isClosed = false;

  const api = await startRuntimeApi({
    functionArn,
    onInitError(error) {
      initError = error;
    },
  });

  const start = (): ChildProcess => {
    const { handler = 'index.handler', taskRoot } = options;
    initError = undefined;
    const started = spawn(process.execPath, [...heapFlags(options.memoryMb), LOOP], {
      cwd: taskRoot,
      env: {
        ...options.environment,
        ...lambdaEnvironment(options, { taskRoot, handler, runtimeApi: api.address }),
      },
      // The fourth is a channel that closes with this process, however it ends; then the child ends too.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = started[stream];
      if (input !== null) createInterface({ input }).on('line', (line) => options.onLine?.(line, stream));
    }
    // 'close' comes after the last line has been read.
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

  child = start();
  return {
    get pid() {
      return child?.pid;
    },
    async invoke(event) {
      if (isClosed) return failedInvocation('Runtime.ExitError', 'the function host is closed');
      if (isBusy) throw new Error('an execution environment runs one invocation at a time: start more hosts');
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
        // Lambda too has the next environment ready before it is asked.
        if (!isClosed) child ??= start();
      }
    },
    kill,
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
