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
export const chatOf = (target: Pick<Target, 'clients' | 'rocketChatUrl' | 'secretId'>): ChatClients => {
  const clock = { now: Date.now };
  const send = createSendHttp(new URL(target.rocketChatUrl), { ...DEFAULT_TIME_LIMITS, callMs: 30_000 });
  const credentials = createSecret({
    client: target.clients.secretsManager,
    secretId: target.secretId,
    clock,
    accepts: createAccepts({ send, abortAfter: (delayMs) => AbortSignal.timeout(delayMs) }),
  });
  const pacer = createPacer({ now: clock.now, random: Math.random });
  const client = createClient({ send, credentials, clock, pacer });
  const rooms = createRooms({ client, clock });
  return { send, credentials, client, rooms, chat: createRocketChat(client, rooms) };
};
