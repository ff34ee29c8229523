import type { HttpAnswer } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import type { Credentials } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import type { ChatClients } from '../target/chat.ts';
import type { Target } from '../target/target.ts';
import { Skipped } from './skipped.ts';

/** An answer of the chat server's API; `json` is undefined if the body is not a JSON object. */
export interface ApiAnswer extends HttpAnswer {
  readonly json: Record<string, unknown> | undefined;
  /** When it arrived, in epoch milliseconds of this machine's clock. */
  readonly receivedAt: number;
}

/** What the checks look at. Every call has a time limit and is made once, however many checks use its answer. */
export interface World {
  readonly rocketChatUrl: string;
  readonly settings: Settings;
  /** Repeats the selection of the relay in a command: `--stack RocketChatRelay`. */
  readonly option: string;
  readonly chat: ChatClients;
  /** Undefined before the deployment. */
  readonly target: Target | undefined;
  /** The size of the file that `--probe` uploads. Undefined: nothing is uploaded. */
  readonly probeBytes: number | undefined;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Calls the server without a token. @param path below the server's URL @throws ChatUnreachableError */
  get(path: string): Promise<ApiAnswer>;
  /** Calls the server with the token. @param path below `/api/v1/` @throws ChatUnreachableError, SecretError */
  getAsBot(path: string): Promise<ApiAnswer>;
  /** @throws SecretError */
  credentials(): Promise<Credentials>;
}

export interface WorldOptions
  extends Pick<World, 'rocketChatUrl' | 'settings' | 'option' | 'target' | 'probeBytes' | 'signal'> {
  readonly chat: ChatClients;
  readonly now?: () => number;
}

export const createWorld = (options: WorldOptions): World => {
  const { chat, signal, now = Date.now } = options;
  const answers = new Map<string, Promise<ApiAnswer>>();
  const once = (key: string, call: () => Promise<HttpAnswer>): Promise<ApiAnswer> => {
    const asked =
      answers.get(key) ?? call().then((answer) => ({ ...answer, json: parseObject(answer.text), receivedAt: now() }));
    answers.set(key, asked);
    return asked;
  };
  const headers = { accept: 'application/json', 'user-agent': 's3-to-rocketchat' };
  return {
    ...options,
    now,
    credentials: () => chat.credentials.current(),
    get: (path) => once(path, () => chat.send({ method: 'GET', path, headers, signal })),
    getAsBot: (path) =>
      once(`bot ${path}`, async () => {
        const { userId, authToken } = await chat.credentials.current();
        const identity = { 'x-user-id': userId, 'x-auth-token': authToken };
        return chat.send({ method: 'GET', path: `/api/v1/${path}`, headers: { ...headers, ...identity }, signal });
      }),
  };
};

/** The server's version. @throws Skipped if the check `server` has a finding */
export const versionOf = async (world: World): Promise<string> => {
  const answer = await world.get('/api/info').catch(() => undefined);
  const version = answer?.status === 200 ? (answer.json?.['version'] ?? infoVersion(answer.json)) : undefined;
  if (typeof version === 'string') return version;
  throw new Skipped('the server does not answer; see the check server');
};

const infoVersion = (json: ApiAnswer['json']): unknown =>
  (json?.['info'] as { version?: unknown } | undefined)?.version;

/** The bot. @throws Skipped if the check `token` has a finding */
export const botOf = async (world: World): Promise<{ readonly userId: string; readonly username: string }> => {
  await versionOf(world);
  const answer = await world.getAsBot('me').catch(() => undefined);
  const { _id: userId, username } = answer?.status === 200 ? (answer.json ?? {}) : {};
  if (typeof userId === 'string' && typeof username === 'string') return { userId, username };
  throw new Skipped('the token is not accepted; see the check token');
};

const SETTINGS = [
  'FileUpload_Enabled',
  'FileUpload_Enabled_Direct',
  'FileUpload_MaxFileSize',
  'FileUpload_MediaTypeWhiteList',
  'FileUpload_MediaTypeBlackList',
];

/** The server's public settings for uploads. @throws Skipped; Error if the server does not tell them */
export const uploadSettingsOf = async (world: World): Promise<ReadonlyMap<string, unknown>> => {
  await versionOf(world);
  const { status, json } = await world.get(`/api/v1/settings.public?_id=${SETTINGS.join(',')}&count=50`);
  const settings = json?.['settings'];
  if (status !== 200 || !Array.isArray(settings))
    throw new Error(`settings.public answered ${status} without settings`);
  return new Map(
    settings.flatMap((setting: unknown) => {
      const { _id, value } = (setting ?? {}) as { _id?: unknown; value?: unknown };
      return typeof _id === 'string' ? [[_id, value] as const] : [];
    }),
  );
};

/** The deployed or embedded relay. A check that needs one runs only if there is one. */
export const relayOf = ({ target }: World): Target => {
  if (target === undefined) throw new Skipped('the relay is not deployed');
  return target;
};

/** The deployed relay. */
export const stackOf = (world: World): Target & { readonly stack: NonNullable<Target['stack']> } => {
  const target = relayOf(world);
  if (target.stack === undefined) throw new Skipped('the embedded relay has none');
  return { ...target, stack: target.stack };
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};
