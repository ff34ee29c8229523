export interface ChatRoom {
  readonly id: string;
  /** Direct messages have none. */
  readonly name: string | undefined;
  readonly pageUrl: string;
}

/** The server, the credentials or the room cannot be used. The message says which, and what to do. */
export class ChatRoomError extends Error {
  override readonly name = 'ChatRoomError';
  /** The server and the credentials can be used; other rooms may be usable. */
  readonly isAboutRoom: boolean;

  constructor(message: string, { isAboutRoom = false }: { isAboutRoom?: boolean } = {}) {
    super(message);
    this.isAboutRoom = isAboutRoom;
  }
}

const TIMEOUT_MS = 15_000;

/**
 * Finds a room given as `general`, `#general` or by its id. This also checks the server and the credentials.
 * @throws ChatRoomError if the server, the credentials or the room cannot be used
 */
export const findChatRoom = async (server: {
  url: string;
  userId: string;
  authToken: string;
  room: string;
}): Promise<ChatRoom> => {
  const { room, url } = server;
  // The same order as in the function: id, then name.
  const found =
    (room.startsWith('#') ? undefined : await askForRoom(server, { roomId: room })) ??
    (await askForRoom(server, { roomName: room.replace(/^#/, '') }));
  if (found !== undefined) return found;
  throw new ChatRoomError(
    `${url} has no room "${room}" that the bot can see: check the name, and invite the bot if the room is private.`,
    { isAboutRoom: true },
  );
};

const askForRoom = async (
  { url, userId, authToken }: { url: string; userId: string; authToken: string },
  query: Record<string, string>,
): Promise<ChatRoom | undefined> => {
  const { status, body } = await get(`${url}/api/v1/rooms.info?${new URLSearchParams(query)}`, {
    'X-User-Id': userId,
    'X-Auth-Token': authToken,
  });
  if (status === 401) {
    throw new ChatRoomError(
      `${url} refuses the credentials: check ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN, or create a new personal access token.`,
    );
  }
  if (status === 429)
    throw new ChatRoomError(`${url} refuses the request because of its rate limit: wait a minute and start again.`);
  if (body === undefined || typeof body['success'] !== 'boolean') {
    throw new ChatRoomError(`${url} does not answer as Rocket.Chat does (HTTP ${status}): check --rocket-chat-url.`);
  }
  const room = body['room'] as { _id?: unknown; name?: unknown; t?: unknown; archived?: unknown } | undefined;
  // Earlier servers do not show archived rooms.
  if (body['errorType'] === 'error-room-archived' || room?.archived === true) {
    const name = query['roomName'] ?? query['roomId'];
    throw new ChatRoomError(`The room "${name}" is archived on ${url}: unarchive it, or choose another room.`, {
      isAboutRoom: true,
    });
  }
  if (status !== 200 || typeof room?._id !== 'string') return undefined;
  const name = typeof room.name === 'string' && room.t !== 'd' ? room.name : undefined;
  const folder = room.t === 'p' ? 'group' : 'channel';
  const path = name === undefined ? `direct/${encodeURIComponent(room._id)}` : `${folder}/${encodeURIComponent(name)}`;
  return { id: room._id, name, pageUrl: `${url}/${path}` };
};

const get = async (
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> | undefined }> => {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return { status: response.status, body: parseObject(text) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new ChatRoomError(
      `${new URL(url).origin} cannot be reached: ${why}. Check --rocket-chat-url and the network.`,
    );
  }
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
