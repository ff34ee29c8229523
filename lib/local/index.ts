import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import * as v from 'valibot';
import { type Settings, type SettingsInput, SettingsSchema } from '../../lambdas/relay/domain/settings.ts';
import { Env, SETTINGS_FILE } from '../../lambdas/relay/names.ts';
import { buildFunction } from '../infra/function/build-function.ts';
import { DUMMY_CREDENTIALS, type LocalCredentials, type LocalEndpoints, randomCredentials } from './aws/clients.ts';
import { type Emulators, startEmulators } from './aws/emulators.ts';
import { type ChatServer, startChatServer } from './chat-server/chat-server.ts';
import { type LoggedDelivery, readDeliveryLine } from './delivery-log.ts';
import { type EventSourceMapping, startEventSourceMapping } from './lambda/event-source-mapping.ts';
import { type FunctionHost, startFunctionHost } from './lambda/function-host.ts';
import { type OperationsApi, startOperationsApi } from './lambda/operations-api.ts';
import type { LocalRelayOptions } from './options.ts';
import { createRelayFeed } from './relay-feed/create-relay-feed.ts';
import { createRunFolder, removeRunFolder } from './run-folder.ts';

export type { LocalRelayOptions } from './options.ts';

export interface LocalRelay
  extends Pick<
    Emulators,
    | 'clients'
    | 'queueUrl'
    | 'deadLetterQueueUrl'
    | 'secretsManager'
    | 'countMessages'
    | 'totalMessages'
    | 'peekDeadLetters'
  > {
  /** Lambda and CloudWatch Logs have only what the operator's commands call. */
  readonly endpoints: LocalEndpoints & { readonly lambda: string; readonly logs: string };
  readonly region: string;
  readonly bucket: string;
  readonly ledgerTable: string;
  readonly secretId: string;
  /** The only credentials that the embedded Secrets Manager accepts, unless the local chat server is used. */
  readonly credentials: LocalCredentials;
  /** With their defaults. */
  readonly settings: Settings;
  readonly rocketChatUrl: string;
  /** Undefined if `rocketChat` names a real server. */
  readonly chat: ChatServer | undefined;
  /** Tests may kill them: the next invocation gets a new process. */
  readonly functions: readonly FunctionHost[];
  /** The deliveries that the function has logged, oldest first: the last `history`, or all. */
  readonly deliveries: readonly LoggedDelivery[];
  /**
   * Resolves when the uploads queue has no message left, visible or hidden.
   * @param options.timeoutMs default: 30000
   * @throws Error after the time-out
   */
  settled(options?: { timeoutMs?: number }): Promise<void>;
  /**
   * Gives the function other settings. Batches that are being processed end with the old ones; later ones get new processes.
   * @throws ValiError if the settings are invalid
   */
  configure(settings: SettingsInput): Promise<void>;
  /** The folder of the run's temporary files. `close` removes it, except for a drop folder that holds files. */
  readonly runFolder: string;
  /** Stops receiving from the uploads queue, as a disabled event source mapping does, or goes on. */
  setPaused(isPaused: boolean): void;
  /** Stops every server and every process. */
  close(): Promise<void>;
}

const LEDGER_TABLE = 'relay-ledger';
const SECRET_ID = 'rocket-chat-credentials';

/**
 * Starts the whole relay on this machine: emulators of S3, SQS, DynamoDB and Secrets Manager, a chat server unless
 * `rocketChat` names a real one, the function's bundle in separate processes, and an event source mapping.
 * @throws ValiError if the settings are invalid; EADDRINUSE if the port is in use
 */
export const startLocalRelay = async (options: LocalRelayOptions = {}): Promise<LocalRelay> => {
  const { region = 'us-east-1', bucket = 'uploads', functionTimeoutMs = 300_000, memoryMb = 256 } = options;
  let settings = v.parse(SettingsSchema, options.settings ?? { routes: [{ room: '#general' }] });
  const runFolder = createRunFolder();
  const removeFiles = () => void removeRunFolder(runFolder);
  process.once('exit', removeFiles);
  const closers: (() => unknown)[] = [removeFiles, () => process.off('exit', removeFiles)];
  const folder = (name: string): string => {
    const path = join(runFolder, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const taskRoot = folder('function');
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };

  try {
    (options.bundle ?? buildFunction)(taskRoot);
    const settingsFile = join(taskRoot, SETTINGS_FILE);
    writeFileSync(settingsFile, JSON.stringify(settings));

    const source = createRelayFeed({ bucket, clock: { now: Date.now } });
    closers.push(() => source.close());
    const { history, chatServer } = options;
    const chatOptions = {
      relayFeed: source.feed,
      contentFolder: folder('chat'),
      ...(history === undefined ? {} : { history }),
      ...chatServer,
    };
    const chat = options.rocketChat === undefined ? await startChatServer(chatOptions) : undefined;
    if (chat !== undefined) closers.push(() => chat.close());
    const { url: rocketChatUrl, userId, authToken } = options.rocketChat ?? (chat as ChatServer);

    // Any user of this machine can connect to the emulators, and the token of a real server is worth stealing.
    const credentials = chat === undefined ? randomCredentials() : DUMMY_CREDENTIALS;
    const maxReceiveCount = options.maxReceiveCount ?? 1000;

    const emulators = await startEmulators({
      region,
      bucket,
      port: options.port,
      folder: folder('s3'),
      ledgerTable: LEDGER_TABLE,
      secretId: SECRET_ID,
      secret: options.secret ?? JSON.stringify({ userId, authToken }),
      secretAccessKeyId: chat === undefined ? credentials.accessKeyId : undefined,
      visibilityTimeoutSeconds: options.visibilityTimeoutSeconds ?? Math.ceil(functionTimeoutMs / 1000) + 10,
      maxReceiveCount,
      now: Date.now,
      onUpload(object, eventBody) {
        source.lives.created(eventBody);
        options.onUpload?.(object, eventBody);
      },
    });
    closers.push(() => emulators.close());
    source.connect(emulators);

    const deliveries: LoggedDelivery[] = [];
    let operations: OperationsApi | undefined;
    const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
      options.onLine?.(line, stream);
      operations?.addLine(line);
      // Deliveries are logged to both streams: the logger writes warnings and errors to stderr.
      const delivery = readDeliveryLine(line);
      if (delivery === undefined) return;
      if (deliveries.push(delivery) > (history ?? Number.POSITIVE_INFINITY)) deliveries.shift();
      source.lives.delivered(delivery);
      options.onDelivery?.(delivery);
    };
    const environment =
      typeof options.environment === 'function' ? await options.environment(emulators.endpoints) : options.environment;
    const functions: FunctionHost[] = [];
    for (let i = 0; i < (options.processes ?? 1); i += 1) {
      const started = await startFunctionHost({
        taskRoot,
        runFolder,
        functionName: 'rocket-chat-relay',
        region,
        memoryMb,
        timeoutMs: functionTimeoutMs,
        onLine,
        environment: {
          ...functionEnvironment(emulators, { bucket, maxReceiveCount, rocketChatUrl, credentials }),
          ...environment,
        },
      });
      functions.push(started);
      closers.push(() => started.close());
    }

    const mapping = startEventSourceMapping({
      sqs: emulators.clients.sqs,
      queueUrl: emulators.queueUrl,
      queueArn: emulators.queueArn,
      region,
      functions,
      batchSize: options.batchSize,
      onReceive: source.lives.received,
      onBatch(batch) {
        source.lives.batchEnded(batch);
        options.onBatch?.(batch);
      },
    });
    closers.push(() => mapping.stop());
    operations = await startOperationsApi({ mapping, queueArn: emulators.queueArn, now: Date.now });
    const { endpoint, close: closeOperations } = operations;
    closers.push(closeOperations);

    return {
      ...emulators,
      endpoints: { ...emulators.endpoints, lambda: endpoint, logs: endpoint },
      region,
      bucket,
      ledgerTable: LEDGER_TABLE,
      secretId: SECRET_ID,
      credentials,
      get settings() {
        return settings;
      },
      async configure(input) {
        settings = v.parse(SettingsSchema, input);
        writeFileSync(`${settingsFile}.new`, JSON.stringify(settings));
        // A process that starts meanwhile reads either the old or the new file, whole.
        renameSync(`${settingsFile}.new`, settingsFile);
        await Promise.all(functions.map((each) => each.renew()));
      },
      rocketChatUrl,
      chat,
      functions,
      deliveries,
      runFolder,
      setPaused: (isPaused) => mapping.setEnabled(!isPaused),
      settled: ({ timeoutMs = 30_000 } = {}) => settled(emulators, mapping, timeoutMs),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** The variables that the stack sets, and those that point the SDK at the emulators. */
const functionEnvironment = (
  { endpoints, queueUrl, deadLetterQueueUrl }: Emulators,
  given: { bucket: string; maxReceiveCount: number; rocketChatUrl: string; credentials: LocalCredentials },
): Record<string, string> => ({
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
  AWS_ACCESS_KEY_ID: given.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: given.credentials.secretAccessKey,
  [Env.RocketChatUrl]: given.rocketChatUrl,
  [Env.BucketNames]: given.bucket,
  [Env.MaxReceiveCount]: String(given.maxReceiveCount),
  [Env.SecretId]: SECRET_ID,
  [Env.LedgerTable]: LEDGER_TABLE,
  [Env.QueueUrl]: queueUrl,
  [Env.DeadLetterQueueUrl]: deadLetterQueueUrl,
});

const settled = async (emulators: Emulators, mapping: EventSourceMapping, timeoutMs: number): Promise<void> => {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    if ((await emulators.totalMessages('uploads')) + mapping.inFlight === 0) break;
    if (Date.now() > endsAt) {
      const { ready, inFlight, delayed } = await emulators.countMessages('uploads');
      throw new Error(
        `The uploads queue is not empty after ${timeoutMs} ms: ${ready} messages visible, ${inFlight} in flight, ${delayed} delayed.`,
      );
    }
    await sleep(10);
  }
  // The function's last log lines may not have been read from the pipe yet.
  await turn();
  await turn();
};
