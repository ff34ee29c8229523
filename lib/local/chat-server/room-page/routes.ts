import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { isLoopbackHost } from '../../loopback.ts';
import { fileResponse } from '../http/serve-file.ts';
import { type Room, type RoomType, roomPath } from '../state/rooms.ts';
import type { World } from '../state/world.ts';

import { messageList, roomPage } from './view.ts';

type Env = { Bindings: HttpBindings };

const TYPES: Readonly<Record<string, RoomType>> = { channel: 'c', group: 'p', direct: 'd' };
const ROOM = '/:kind{channel|group|direct}/:room';

/**
 * Adds pages that show a room's messages. They need no login: the server listens on the loopback interface only, answers
 * only requests with a loopback `Host`, and has only files that were uploaded on this machine.
 */
export const addRoomPages = (app: Hono<Env>, world: World): void => {
  const ofRoom =
    (show: (room: Room, context: Context<Env>) => Response | Promise<Response>) => (context: Context<Env>) => {
      if (!isLoopbackHost(context.req.header('host'))) return refuse(context);
      const room = findRoom(world, context.req.param('kind') ?? '', context.req.param('room') ?? '');
      return room ? show(room, context) : context.text('There is no such room.', 404);
    };

  app.get('/', (context) => {
    const [first] = world.rooms.all();
    return first ? context.redirect(roomPath(first)) : context.text('The chat server has no room.', 404);
  });
  app.get(
    ROOM,
    ofRoom((room, context) => showPage(world, room, context)),
  );
  app.get(
    `${ROOM}/messages`,
    ofRoom((room, context) => showNewMessages(world, room, context)),
  );
  app.get(
    `${ROOM}/files/:id/:name`,
    ofRoom((room, context) => {
      const file = world.uploads.byId(context.req.param('id') ?? '');
      return fileResponse(file?.roomId === room.id && file.confirmed ? file : undefined);
    }),
  );
};

const showPage = (world: World, room: Room, context: Context<Env>) => {
  const nonce = randomBytes(16).toString('base64');
  context.header(
    'Content-Security-Policy',
    [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  );
  guard(context);
  return context.html(roomPage({ world, room, messages: world.messages.inRoom(room.id), nonce }));
};

/** The messages after the first `after` ones, as HTML that the page's script appends. */
const showNewMessages = (world: World, room: Room, context: Context<Env>) => {
  const messages = world.messages.inRoom(room.id);
  const after = Number(context.req.query('after') ?? 0);
  context.header('X-Message-Count', String(messages.length));
  guard(context);
  return context.html(
    messageList({ world, room, messages, after: Number.isSafeInteger(after) && after > 0 ? after : 0 }),
  );
};

const guard = (context: Context<Env>): void => {
  context.header('X-Content-Type-Options', 'nosniff');
  context.header('Referrer-Policy', 'no-referrer');
  context.header('Cross-Origin-Resource-Policy', 'same-origin');
  context.header('Cache-Control', 'no-store');
};

const refuse = (context: Context<Env>) =>
  context.text('This page is served under localhost and 127.0.0.1 only: open it under one of these names.', 403);

const findRoom = (world: World, kind: string, idOrName: string): Room | undefined => {
  const room = kind === 'direct' ? world.rooms.byId(idOrName) : world.rooms.byName(idOrName);
  return room?.type === TYPES[kind] ? room : undefined;
};
