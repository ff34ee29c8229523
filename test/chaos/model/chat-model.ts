/** An answer of the server, or of a proxy in front of it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface ChatRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  /** The uploaded object, for `rooms.media`. */
  readonly file?: { readonly object: string; readonly isWhole: boolean } | undefined;
}

export interface ModelMessage {
  readonly id: string;
  readonly roomId: string;
  readonly fileId: string;
  /** The object and the room, as `deliveryName` has them. */
  readonly object: string;
  readonly userId: string;
  readonly threadId: string | undefined;
  readonly at: number;
  /** `_updatedAt`, by the clock of the application server. */
  readonly updatedAt: number;
  /** Index of the confirm that posted it. */
  readonly confirm: number;
}

/** A message without a file. */
export interface ModelText {
  readonly id: string;
  readonly roomId: string;
  readonly userId: string;
}

export interface ModelConfirm {
  readonly object: string;
  readonly startedAt: number;
  /** When its object was claimed. */
  readonly claimedAt: number;
}

interface ModelFile {
  readonly object: string;
  readonly roomId: string;
  readonly userId: string;
  readonly isWhole: boolean;
  isConfirmed: boolean;
  readonly expiresAt: number;
}

export type RoomState = 'open' | 'archived' | 'read-only' | 'muted';

/** Room ids by name. */
export const ROOMS: Readonly<Record<string, string>> = { first: 'FIRST', second: 'SECOND' };
/** Keys with this prefix hold a type that the server refuses. */
export const REFUSED_PREFIX = 'refused-';

const UPLOAD_LIVES_MS = 24 * 3_600_000;

/** One object on its way to one room. */
export const deliveryName = (object: string, roomId: string): string => `${object} in ${roomId}`;

export interface ChatModelOptions {
  readonly now: () => number;
  /** How far the clock of the application server is ahead. */
  readonly skewMs: number;
  readonly roomState: (roomId: string) => RoomState;
  /** The users whose tokens are valid now. A user's token is its id. */
  readonly validUsers: () => readonly string[];
}

/**
 * Rocket.Chat's REST API as its source has it (RocketChat/Rocket.Chat, apps/meteor/server/api/v1/rooms.ts and
 * ApiClass.ts): files that expire, and a confirm that posts again each time, whoever calls it first.
 */
export const createChatModel = ({ now, skewMs, roomState, validUsers }: ChatModelOptions) => {
  const files = new Map<string, ModelFile>();
  const messages: ModelMessage[] = [];
  const texts: ModelText[] = [];
  const confirms: ModelConfirm[] = [];
  /** Confirms of files that were not whole. */
  const brokenConfirms: string[] = [];
  /** Searches that found nothing. */
  const negativeLooks: { readonly object: string; readonly startedAt: number; readonly at: number }[] = [];
  /** Confirms of one upload that were answered with `message: null`, by object. */
  const drops = new Map<string, number>();
  let stored = 0;

  const messagesOf = (fileId: string) => messages.filter((message) => message.fileId === fileId);
  const json = (status: number, body: unknown): Answer => ({ status, headers: {}, text: JSON.stringify(body) });
  const failure = (error: string, errorType?: string): Answer =>
    json(400, { success: false, error, ...(errorType === undefined ? {} : { errorType }) });

  const media = (roomId: string, userId: string, file: NonNullable<ChatRequest['file']>): Answer => {
    if (file.object.startsWith(REFUSED_PREFIX)) {
      return failure('File type is not accepted. [error-invalid-file-type]', 'error-invalid-file-type');
    }
    stored += 1;
    const id = `file-${stored}`;
    const object = deliveryName(file.object, roomId);
    files.set(id, { ...file, object, roomId, userId, isConfirmed: false, expiresAt: now() + UPLOAD_LIVES_MS });
    return json(200, { success: true, file: { _id: id, url: `/file-upload/${id}/x` } });
  };

  const refusalOf = (roomId: string): Answer | undefined => {
    switch (roomState(roomId)) {
      case 'archived':
        return failure('room_is_archived');
      case 'read-only':
        return failure("You can't send messages because the room is readonly.");
      case 'muted':
        return failure('You_have_been_muted');
      default:
        return undefined;
    }
  };

  const confirm = (
    {
      roomId,
      fileId,
      userId,
      threadId,
    }: Readonly<Record<'roomId' | 'fileId' | 'userId', string>> & Pick<ModelMessage, 'threadId'>,
    number: number,
    isDropped: boolean,
  ): Answer => {
    const file = files.get(fileId);
    const isThere = file !== undefined && (file.isConfirmed || now() < file.expiresAt);
    if (!isThere || file.roomId !== roomId || file.userId !== userId) return failure('[invalid-file]', 'invalid-file');
    const refusal = refusalOf(roomId);
    if (refusal !== undefined) return refusal;
    if (!file.isWhole) brokenConfirms.push(file.object);
    file.isConfirmed = true;
    if (!isDropped) {
      const id = `message-${messages.length}`;
      const { object } = file;
      const updatedAt = now() + skewMs;
      messages.push({ id, roomId, fileId, object, userId, threadId, at: now(), updatedAt, confirm: number });
    }
    // The answer shows the first message of the file, so a duplicate is never visible in it.
    const [first] = messagesOf(fileId);
    return json(200, { success: true, message: first === undefined ? null : shown(first) });
  };

  const shown = ({ id, roomId, fileId, userId, updatedAt }: ModelMessage) => ({
    _id: id,
    rid: roomId,
    u: { _id: userId, username: userId },
    file: { _id: fileId },
    files: [{ _id: fileId }],
    _updatedAt: new Date(updatedAt).toISOString(),
  });

  const sendMessage = (body: unknown, userId: string): Answer => {
    const { _id: id, rid: roomId } = (body as { message: { _id: string; rid: string } }).message;
    const refusal = refusalOf(roomId);
    if (refusal !== undefined) return refusal;
    if (texts.some((one) => one.id === id)) return failure("Cannot read properties of undefined (reading 'starred')");
    texts.push({ id, roomId, userId });
    return json(200, { success: true, message: { _id: id } });
  };

  const getMessage = (query: URLSearchParams): Answer => {
    const found = texts.find(({ id }) => id === query.get('msgId'));
    if (found === undefined) return json(400, { success: false });
    const { id, roomId, userId } = found;
    return json(200, { success: true, message: { _id: id, rid: roomId, u: { _id: userId } } });
  };

  /** By a cursor and in pages, or everything since `lastUpdate`. */
  const syncMessages = (query: URLSearchParams): Answer => {
    const [next, lastUpdate] = [query.get('next'), query.get('lastUpdate')];
    if (next === null && lastUpdate === null) {
      return failure('The required "lastUpdate" query param is missing', 'error-lastUpdate-param-invalid');
    }
    const after = next === null ? Date.parse(lastUpdate ?? '') : Number(next);
    const found = messages
      .filter(({ roomId, updatedAt }) => roomId === query.get('roomId') && updatedAt > after)
      .sort((a, b) => a.updatedAt - b.updatedAt);
    if (next === null) return json(200, { success: true, result: { updated: found.map(shown), deleted: [] } });
    const count = Number(query.get('count'));
    const updated = found.slice(0, count);
    const last = updated.at(-1)?.updatedAt;
    const cursor = { next: updated.length === count && last !== undefined ? String(last) : null };
    return json(200, { success: true, result: { updated: updated.map(shown), deleted: [], cursor } });
  };

  const roomInfo = (query: URLSearchParams): Answer => {
    const name = query.get('roomName') ?? Object.keys(ROOMS).find((key) => ROOMS[key] === query.get('roomId'));
    const roomId = name === undefined ? undefined : ROOMS[name];
    if (roomId === undefined)
      return failure('The required "roomId" or "roomName" does not match', 'error-room-not-found');
    const state = roomState(roomId);
    const muted = state === 'muted' ? { muted: [...validUsers()] } : {};
    const flags = {
      ...(state === 'archived' ? { archived: true } : {}),
      ...(state === 'read-only' ? { ro: true } : {}),
    };
    return json(200, { success: true, room: { _id: roomId, name, t: 'c', ...flags, ...muted } });
  };

  return {
    messages,
    texts,
    confirms,
    brokenConfirms,
    negativeLooks,
    drops,
    objectOf: (fileId: string) => files.get(fileId)?.object,
    messagesOf,

    /** Notes that a confirm was sent. @returns its index */
    startConfirm(fileId: string, claimedAtOf: (object: string) => number): number {
      const object = files.get(fileId)?.object ?? fileId;
      confirms.push({ object, startedAt: now(), claimedAt: claimedAtOf(object) });
      return confirms.length - 1;
    },

    expireUploads() {
      for (const [fileId, file] of files) if (!file.isConfirmed) files.delete(fileId);
    },

    /** Carries a request out at the server. `confirm`: its index; `isDropped`: an app drops the message. */
    handle(request: ChatRequest, call: { readonly confirm: number; readonly isDropped: boolean }): Answer {
      const userId = request.headers['x-user-id'] ?? '';
      const { pathname, searchParams } = new URL(request.path, 'http://chat');
      const [endpoint = '', roomId = '', fileId = ''] = pathname.replace('/api/v1/', '').split('/');
      if (!validUsers().includes(userId) || request.headers['x-auth-token'] !== userId) {
        const message = 'You must be logged in to do this.';
        return json(401, { success: false, error: message, status: 'error', message });
      }
      switch (endpoint) {
        case 'me':
          return json(200, { success: true, _id: userId, username: userId, roles: ['user'] });
        case 'settings.public':
          return json(200, { success: true, settings: [], count: 0, offset: 0, total: 0 });
        case 'rooms.info':
          return roomInfo(searchParams);
        case 'rooms.media':
          if (!Object.values(ROOMS).includes(roomId)) return json(403, { success: false, error: 'unauthorized' });
          return request.file === undefined
            ? failure('No file uploaded [error-no-file]', 'error-no-file')
            : media(roomId, userId, request.file);
        case 'rooms.mediaConfirm':
          return confirm({ roomId, fileId, userId, threadId: tmidOf(request.json) }, call.confirm, call.isDropped);
        case 'chat.sendMessage':
          return sendMessage(request.json, userId);
        case 'chat.getMessage':
          return getMessage(searchParams);
        case 'chat.syncMessages':
          return syncMessages(searchParams);
        default:
          return { status: 404, headers: {}, text: '{"success":false,"error":"API endpoint not found"}' };
      }
    },
  };
};

const tmidOf = (json: unknown): string | undefined => (json as { tmid?: string } | undefined)?.tmid;

export type ChatModel = ReturnType<typeof createChatModel>;
