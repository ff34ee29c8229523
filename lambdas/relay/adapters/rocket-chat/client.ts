import * as v from 'valibot';
import { ChatAnswerError, ChatUnreachableError, CredentialsRenewedError } from '../../domain/errors.ts';
import { ACTION_UNAUTHORIZED } from '../../domain/failure.ts';
import type { LimitedCall, Pacer } from '../../pacing/pacer.ts';
import type { Clock } from '../../ports.ts';
import type { Credentials, CredentialsSource } from '../secrets-manager/credentials.ts';
import type { FramedStream, HttpAnswer, SendHttp } from './http.ts';
import { readRateLimit, readRetryAt, serverNow } from './rate-limit.ts';

export interface ClientDeps {
  readonly send: SendHttp;
  readonly credentials: CredentialsSource;
  readonly clock: Clock;
  readonly pacer: Pick<Pacer, 'observe' | 'rejected'>;
}

export interface Call<Schema extends v.GenericSchema> {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1/`, with its query. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: { readonly contentType: string; readonly frame: FramedStream };
  /** What the answer must contain; other fields are ignored. */
  readonly answer: Schema;
  /** Which of the paced calls this is, if it is one. */
  readonly limited?: LimitedCall;
  readonly signal: AbortSignal;
}

export interface Answer<Output> {
  readonly data: Output;
  /** The time by the answer's Date header, or by our clock if there is none; epoch milliseconds. */
  readonly serverTime: number;
  /** The user who made the call. */
  readonly userId: string;
}

export interface Client {
  /**
   * Calls one method of the REST API and parses its answer.
   * @throws ChatAnswerError, ChatUnreachableError, CredentialsRenewedError, SecretError
   */
  call<Schema extends v.GenericSchema>(call: Call<Schema>): Promise<Answer<v.InferOutput<Schema>>>;
}

const ErrorAnswer = v.object({
  error: v.optional(v.string()),
  message: v.optional(v.string()),
  errorType: v.optional(v.string()),
});

/** The REST API of one Rocket.Chat server. */
export const createClient = ({ send, credentials, clock, pacer }: ClientDeps): Client => {
  const sendAs = (
    { userId, authToken }: Credentials,
    call: Omit<Call<v.GenericSchema>, 'answer'>,
  ): Promise<HttpAnswer> =>
    send({
      method: call.method,
      path: `/api/v1/${call.path}`,
      headers: {
        accept: 'application/json',
        'user-agent': 's3-to-rocketchat',
        'x-user-id': userId,
        'x-auth-token': authToken,
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.body === undefined ? {} : { 'content-type': call.body.contentType }),
      },
      body: call.body?.frame ?? (call.json === undefined ? undefined : Buffer.from(JSON.stringify(call.json))),
      signal: call.signal,
    });

  const observe = (call: LimitedCall | undefined, answer: HttpAnswer, json: unknown): void => {
    // Rocket.Chat does not count calls that it answers with 401; those answers have no rate-limit headers.
    if (call === undefined || answer.status === 401) return;
    const now = clock.now();
    const reading = readRateLimit(answer.headers, now);
    if (answer.status === 429) pacer.rejected(call, readRetryAt(answer.headers, now), reading);
    // A proxy's own answer has no rate-limit headers either; that does not mean that the server has no limit.
    else if (isRocketChats(json)) pacer.observe(call, reading);
  };

  /**
   * From 9.0 on the server answers 401 also to a user that may not make the call. Only the answer to a refused token has
   * `status`; for any other, `GET me` shows whether the token is valid.
   */
  const isTokenRefused = async (identity: Credentials, answer: HttpAnswer, signal: AbortSignal): Promise<boolean> => {
    if (answer.status !== 401) return false;
    const json = parseJson(answer.text);
    if (!isRocketChats(json) || json.status !== undefined) return true;
    const me = await sendAs(identity, { method: 'GET', path: 'me', signal });
    return me.status !== 200 || !isSuccess(parseJson(me.text));
  };

  return {
    async call(call) {
      let identity = await credentials.current();
      let answer = await sendAs(identity, call);
      let isRefused = await isTokenRefused(identity, answer, call.signal);
      if (isRefused && (await credentials.renew(identity))) {
        // The file's stream has been consumed; the caller must open it again.
        if (call.body !== undefined) throw new CredentialsRenewedError();
        identity = await credentials.current();
        answer = await sendAs(identity, call);
        isRefused = await isTokenRefused(identity, answer, call.signal);
      }
      const json = parseJson(answer.text);
      observe(call.limited, answer, json);
      if (answer.status !== 200 || !isSuccess(json)) throw answerError(call.path, answer, json, clock.now(), isRefused);
      const parsed = v.safeParse(call.answer, json);
      if (!parsed.success) {
        throw new ChatUnreachableError(
          `${nameOf(call.path)} answered 200 with a body that does not have the documented form`,
          {
            code: 'BAD_ANSWER',
            mayHaveActed: true,
          },
        );
      }
      return { data: parsed.output, serverTime: serverNow(answer.headers) ?? clock.now(), userId: identity.userId };
    },
  };
};

/** Rocket.Chat's JSON has a boolean `success`; its answer to a refused token has `status: "error"`, in any case. */
const isRocketChats = (json: unknown): json is { success?: unknown; status?: unknown } =>
  typeof json === 'object' &&
  json !== null &&
  (('success' in json && typeof json.success === 'boolean') || ('status' in json && json.status === 'error'));

const isSuccess = (json: unknown): boolean => isRocketChats(json) && json.success === true;

const answerError = (path: string, answer: HttpAnswer, json: unknown, now: number, isTokenRefused: boolean): Error => {
  const { status } = answer;
  const parsed = v.safeParse(ErrorAnswer, json);
  if (status === 200 && !parsed.success) {
    return new ChatUnreachableError(
      `${nameOf(path)} answered 200, but the body is not JSON: check whether a proxy or a login page answered`,
      {
        code: 'BAD_ANSWER',
        mayHaveActed: true,
      },
    );
  }
  const { error, message, errorType } = parsed.success ? parsed.output : {};
  const said = error ?? message ?? (parsed.success ? 'no reason given' : 'an answer that is not JSON');
  const isServers = isRocketChats(json);
  return new ChatAnswerError(
    `${nameOf(path)} answered ${status}: ${clip(said)}${isServers ? '' : ' (not an answer of Rocket.Chat)'}`,
    {
      status,
      errorType: isServers ? errorTypeOf(errorType, status === 401 && !isTokenRefused) : undefined,
      retryAt: status === 429 ? readRetryAt(answer.headers, now) : undefined,
      isRocketChats: isServers,
      hasReason: (error ?? message ?? errorType) !== undefined,
    },
  );
};

const errorTypeOf = (errorType: string | undefined, isUnauthorized: boolean): string | undefined => {
  if (isUnauthorized) return ACTION_UNAUTHORIZED;
  return errorType === undefined ? undefined : clip(errorType);
};

/** `rooms.media/ROOM?…` → `rooms.media`. */
const nameOf = (path: string): string => path.split(/[/?]/)[0] ?? path;

/**
 * The server's text becomes part of a log line and an attribute, so it is shortened to one line. It can quote the message
 * that was sent; a presigned link in it is a secret.
 */
const clip = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\S*X-Amz-\S*/gi, '(presigned link)')
    .slice(0, 300);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
