import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS_FILE } from '../../lambdas/relay/names.ts';
import { bundleRelay } from '../../lib/infra/function/bundle.ts';
import { type FunctionHost, startFunctionHost } from '../../lib/local/lambda/function-host.ts';
import { bundleUsualWay } from '../usual-way/bundle.ts';
import type { Counterparts } from './counterparts.ts';
import { cpuSeconds, peakMemoryMb } from './process-usage.ts';
import { type ObjectSpec, sqsEvent } from './sqs-event.ts';

export type FunctionKind = 'relay' | 'usual way';

export interface FunctionOptions {
  readonly kind: FunctionKind;
  readonly counterparts: Counterparts;
  /** @default 256 */
  readonly memoryMb?: number;
  /** @default 5, as deployed */
  readonly filesAtOnce?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly routes?: readonly object[];
}

/** A function's bundle in its own process, with the flags and the environment that Lambda would give it. */
export interface MeasuredFunction {
  /** Invokes it with a batch. @throws Error if any of the objects was not posted */
  deliver(objects: readonly ObjectSpec[]): Promise<void>;
  cpuSeconds(): number;
  peakMemoryMb(): number;
  stop(): Promise<void>;
}

const built = new Map<FunctionKind, string>();

/** The folder with the function's bundle, which is built once a run. */
const taskRootOf = async (kind: FunctionKind): Promise<string> => {
  const known = built.get(kind);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'bench-function-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await (kind === 'relay' ? bundleRelay : bundleUsualWay)(folder);
  built.set(kind, folder);
  return folder;
};

export const startFunction = async (options: FunctionOptions): Promise<MeasuredFunction> => {
  const { kind, counterparts, memoryMb = 256, filesAtOnce = 5, routes = [{ room: '#general' }] } = options;
  const taskRoot = mkdtempSync(join(tmpdir(), 'bench-task-'));
  const source = await taskRootOf(kind);
  for (const file of ['index.js', 'package.json']) copyFileSync(join(source, file), join(taskRoot, file));
  writeFileSync(join(taskRoot, SETTINGS_FILE), JSON.stringify({ routes, filesAtOnce }));
  let written: string[] = [];
  const host: FunctionHost = await startFunctionHost({
    taskRoot,
    functionName: 'bench',
    region: 'us-east-1',
    memoryMb,
    timeoutMs: 900_000,
    onLine: (line) => {
      written = [...written.slice(-4), line];
    },
    environment: {
      ...counterparts.environment,
      ROCKET_CHAT_SECRET_ID: 'bench',
      LEDGER_TABLE: 'bench',
      QUEUE_URL: 'http://127.0.0.1:9/queue',
      DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/dead',
      BUCKET_NAMES: 'uploads',
      MAX_RECEIVE_COUNT: '1000',
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9',
      POWERTOOLS_SERVICE_NAME: 'bench',
      // No X-Ray daemon runs here.
      POWERTOOLS_TRACE_ENABLED: 'false',
      ...options.environment,
    },
  });
  const pid = () => {
    if (host.pid === undefined) throw new Error(`the ${kind} has crashed: ${written.join('\n')}`);
    return host.pid;
  };
  return {
    async deliver(objects) {
      const answer = await host.invoke(sqsEvent(objects));
      const isPosted = answer.kind === 'answered' && answer.payload.includes('"batchItemFailures":[]');
      if (!isPosted) throw new Error(`the ${kind} did not post: ${JSON.stringify(answer)} ${written.join('\n')}`);
    },
    cpuSeconds: () => cpuSeconds(pid()),
    peakMemoryMb: () => peakMemoryMb(pid()),
    async stop() {
      await host.close();
      rmSync(taskRoot, { recursive: true, force: true });
    },
  };
};
