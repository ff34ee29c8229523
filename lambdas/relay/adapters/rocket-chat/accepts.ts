import * as v from 'valibot';
import type { Credentials } from '../secrets-manager/credentials.ts';
import type { SendHttp } from './http.ts';

const MeAnswer = v.object({ success: v.literal(true), _id: v.string() });

/**
 * Whether the server accepts these credentials. Calls `GET me`, which changes nothing. Resolves with false also if the
 * server does not answer within 10 seconds or answers with an error such as a rate limit.
 */
export const createAccepts =
  ({ send, abortAfter }: { readonly send: SendHttp; readonly abortAfter: (delayMs: number) => AbortSignal }) =>
  async ({ userId, authToken }: Credentials): Promise<boolean> => {
    const headers = { accept: 'application/json', 'x-user-id': userId, 'x-auth-token': authToken };
    try {
      const answer = await send({ method: 'GET', path: '/api/v1/me', headers, signal: abortAfter(10_000) });
      const me = v.safeParse(MeAnswer, JSON.parse(answer.text));
      return answer.status === 200 && me.success && me.output._id === userId;
    } catch {
      return false;
    }
  };
