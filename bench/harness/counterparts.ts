import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Certificate, certificateEnvironment } from './certificate.ts';
import type { CallCounts } from './counterpart-answers.ts';
import type { ChecksumKind } from './synthetic-object.ts';

export type CounterpartsMessage =
  | { readonly kind: 'reset' | 'read' }
  | { readonly kind: 'prepare'; readonly sizeBytes: number; readonly checksum: string };
export interface CounterpartsReply {
  readonly counts: CallCounts;
  readonly firstConfirmAt: string | undefined;
  readonly endpoints?: Record<string, string>;
}

/** Stand-ins for S3, DynamoDB, Secrets Manager and the chat server, in one separate process. */
export interface Counterparts {
  readonly endpoints: Readonly<Record<'s3' | 'dynamodb' | 'secretsManager' | 'chat', string>>;
  /** The environment variables that make a function use them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Computes the checksum of an object ahead of time. */
  prepare(sizeBytes: number, checksum: ChecksumKind): Promise<void>;
  reset(): Promise<void>;
  calls(): Promise<CallCounts>;
  /** When the first message since the last reset was posted; nanoseconds of `process.hrtime`. */
  firstConfirmAt(): Promise<bigint | undefined>;
  stop(): Promise<void>;
}

export const startCounterparts = async (
  options: { delayMs?: number; tls?: Certificate | undefined } = {},
): Promise<Counterparts> => {
  const { delayMs = 0, tls } = options;
  const child = fork(join(import.meta.dirname, 'counterpart-process.ts'), [JSON.stringify({ delayMs, tls })]);
  const first = (await nextMessage(child)) as CounterpartsReply;
  const endpoints = first.endpoints as Counterparts['endpoints'];
  const ask = async (message: CounterpartsMessage): Promise<CounterpartsReply> => {
    const reply = nextMessage(child);
    child.send(message);
    return (await reply) as CounterpartsReply;
  };
  return {
    endpoints,
    environment: {
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
      ROCKET_CHAT_URL: endpoints.chat,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_SESSION_TOKEN: 'bench',
      ...certificateEnvironment(tls),
    },
    prepare: async (sizeBytes, checksum) => void (await ask({ kind: 'prepare', sizeBytes, checksum })),
    reset: async () => void (await ask({ kind: 'reset' })),
    calls: async () => (await ask({ kind: 'read' })).counts,
    async firstConfirmAt() {
      const { firstConfirmAt } = await ask({ kind: 'read' });
      return firstConfirmAt === undefined ? undefined : BigInt(firstConfirmAt);
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
};

const nextMessage = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the process of the counterparts has ended; see its output above'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
