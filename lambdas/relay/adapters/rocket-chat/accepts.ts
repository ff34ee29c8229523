import * as v from 'valibot';
import type { Credentials } from '../secrets-manager/credentials.ts';
import type { SendHttp } from './http.ts';

const MeAnswer = v.object({ success: v.literal(true), _id: v.string() });

/**
 * Whether the server takes these credentials, by `GET me`, which changes nothing. Where it can't be told, because the
 * server does not answer or limits the rate, the answer is no.
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
