import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as v from 'valibot';
import { fileResponse } from '../http/serve-file.ts';
import { type Room, type RoomType, roomPath } from '../state/rooms.ts';
import { icon, pageAssets } from './server/assets.ts';
import { createLiveUpdates, earlierMessages, threadMessages } from './server/live-updates.ts';
import type { RoomPage } from './server/room-page.ts';
import { refuseForeignHost, refuseForeignOrigin } from './server/same-origin.ts';
import { POLICY, shell } from './server/shell.ts';
import { upload } from './server/upload.ts';
import { visible } from './server/visible.ts';

type Env = { Bindings: HttpBindings };

const TYPES: Readonly<Record<string, RoomType>> = { channel: 'c', group: 'p', direct: 'd' };
const ROOM = '/:kind{channel|group|direct}/:room';
const UPDATE_EVERY_MS = 100;
/** A connection without traffic may be closed by a proxy or by the system. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Adds the page that shows the rooms, and what it calls. It needs no login: the server listens on the loopback interface
 * only, answers only requests with a loopback `Host`, and has only files that were uploaded on this machine. What changes
 * something is taken only from the page itself.
 */
export const addRoomPages = (app: Hono<Env>, page: RoomPage): void => {
  const { world, feed, switches } = page;

  app.use('*', async (context, next) => {
    const refusal =
      refuseForeignHost(context) ?? (context.req.method === 'POST' ? refuseForeignOrigin(context) : undefined);
    if (refusal) return refusal;
    await next();
    for (const [name, value] of HEADERS) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
    return undefined;
  });

  app.get('/', (context) => {
    const [first] = world.rooms.all();
    return first ? context.redirect(roomPath(first)) : context.text('The chat server has no room.', 404);
  });
  app.get(ROOM, (context) => {
    const room = roomAt(page, context);
    if (!room) return context.text('There is no such room.', 404);
    context.header('Content-Security-Policy', POLICY);
    return context.html(shell({ title: visible(room.name ?? 'Direct messages'), roomId: room.id }));
  });
  app.get(`${ROOM}/files/:id/:name`, (context) => {
    const room = roomAt(page, context);
    const file = world.uploads.byId(context.req.param('id'));
    return fileResponse(room && file?.roomId === room.id && file.confirmed ? file : undefined);
  });

  app.get('/room-page/page.js', (context) =>
    context.body(pageAssets().script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
  );
  app.get('/room-page/page.css', (context) =>
    context.body(pageAssets().style, 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  );
  app.get('/room-page/icon.svg', (context) =>
    context.body(icon(context.req.query('attention') !== undefined), 200, { 'Content-Type': 'image/svg+xml' }),
  );
  app.get('/favicon.ico', (context) => context.redirect('/room-page/icon.svg'));

  app.get('/room-page/live', (context) => {
    const room = world.rooms.byId(context.req.query('room') ?? '');
    return room ? live(page, room, context) : context.text('There is no such room.', 404);
  });
  app.get('/room-page/messages', (context) => {
    const room = world.rooms.byId(context.req.query('room') ?? '');
    if (!room) return context.text('There is no such room.', 404);
    const thread = context.req.query('thread');
    if (thread !== undefined) return context.json(threadMessages(world, room, thread));
    const before = Math.min(Number(context.req.query('before')), world.messages.countIn(room.id));
    if (!Number.isSafeInteger(before) || before < 0) return context.text('before must be a number from 0 on.', 400);
    return context.json(earlierMessages(world, room, before, context.req.query('id')));
  });

  app.post('/room-page/faults', async (context) => {
    const input = v.safeParse(FaultInput, await context.req.json().catch(() => undefined));
    if (!input.success) return context.text(`The fault was not changed: ${v.summarize(input.issues)}`, 400);
    switches.change(input.output);
    return context.body(null, 204);
  });
  if (feed === undefined) return;
  app.post('/room-page/upload', async (context) => {
    const { status, text } = await upload(feed, context.req.query('key') ?? '', context.env.incoming);
    return context.text(text, status);
  });
  app.post('/room-page/send-back', async (context) => {
    const input = v.safeParse(SendBackInput, await context.req.json().catch(() => undefined));
    if (!input.success) return context.text(`Nothing was sent back: ${v.summarize(input.issues)}`, 400);
    return context.json({ moved: await feed.sendBack(input.output.id) });
  });
};

const HEADERS = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
] as const;

const FaultInput = v.strictObject({
  name: v.picklist(['server-down', 'rate-limit', 'lost-answer', 'bad-gateway']),
  isOn: v.optional(v.boolean()),
  percent: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
});
const SendBackInput = v.strictObject({ id: v.optional(v.pipe(v.number(), v.safeInteger())) });

const live = (page: RoomPage, room: Room, context: Context<Env>) =>
  streamSSE(context, async (stream) => {
    const updates = createLiveUpdates(page, room);
    let isOver = false;
    stream.onAbort(() => {
      isOver = true;
    });
    let quietMs = 0;
    try {
      while (!isOver && !stream.closed) {
        const update = updates.next();
        quietMs = update === undefined ? quietMs + UPDATE_EVERY_MS : 0;
        if (update !== undefined) await stream.writeSSE({ data: JSON.stringify(update) });
        else if (quietMs % KEEP_ALIVE_MS === 0) await stream.write(': still here\n\n');
        await stream.sleep(UPDATE_EVERY_MS);
      }
    } finally {
      updates.close();
    }
  });

const roomAt = ({ world }: RoomPage, context: Context<Env>): Room | undefined => {
  const idOrName = context.req.param('room') ?? '';
  const kind = context.req.param('kind') ?? '';
  const room = kind === 'direct' ? world.rooms.byId(idOrName) : world.rooms.byName(idOrName);
  return room?.type === TYPES[kind] ? room : undefined;
};
