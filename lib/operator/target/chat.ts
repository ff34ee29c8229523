import { createAccepts } from '../../../lambdas/relay/adapters/rocket-chat/accepts.ts';
import { createRocketChat } from '../../../lambdas/relay/adapters/rocket-chat/chat.ts';
import { type Client, createClient } from '../../../lambdas/relay/adapters/rocket-chat/client.ts';
import {
  createSendHttp,
  DEFAULT_TIME_LIMITS,
  type SendHttp,
} from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import { createRooms } from '../../../lambdas/relay/adapters/rocket-chat/rooms.ts';
import { type CredentialsSource, createSecret } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { createPacer } from '../../../lambdas/relay/pacing/pacer.ts';
import type { Chat, Rooms } from '../../../lambdas/relay/ports.ts';
import type { Target } from './target.ts';

/** The function's own clients of the chat server, with the token in the relay's secret. */
export interface ChatClients {
  readonly send: SendHttp;
  readonly credentials: CredentialsSource;
  readonly client: Client;
  readonly rooms: Rooms;
  readonly chat: Chat;
}

/** Calls go from this machine, which may reach another network than the function does. */
export const chatOf = (target: Pick<Target, 'clients' | 'rocketChatUrl' | 'secretId'>): ChatClients =>
  createChatClients(target.rocketChatUrl, (send) =>
    createSecret({
      client: target.clients.secretsManager,
      secretId: target.secretId,
      clock: CLOCK,
      accepts: createAccepts({ send, abortAfter: (delayMs) => AbortSignal.timeout(delayMs) }),
    }),
  );

/** @param credentialsOf makes the source of the credentials */
export const createChatClients = (
  rocketChatUrl: string,
  credentialsOf: (send: SendHttp) => CredentialsSource,
): ChatClients => {
  const send = createSendHttp(new URL(rocketChatUrl), { ...DEFAULT_TIME_LIMITS, callMs: 30_000 });
  const credentials = credentialsOf(send);
  const pacer = createPacer({ now: CLOCK.now, random: Math.random });
  const client = createClient({ send, credentials, clock: CLOCK, pacer });
  const rooms = createRooms({ client, clock: CLOCK });
  return {
    send,
    credentials,
    client,
    rooms,
    chat: createRocketChat({ client, rooms, limits: NO_LIMITS, clock: CLOCK }),
  };
};

const CLOCK = { now: Date.now };
/** A command sends a file once, so what a proxy refuses need not be remembered. */
const NO_LIMITS = { proxyRefused: () => {}, read: async () => ({}) };
