import { Readable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { canAccess } from '../state/rooms.ts';
import type { StoredFile } from '../state/uploads.ts';
import { findUser } from '../state/users.ts';
import type { World } from '../state/world.ts';

/**
 * Adds the download path that messages link to, `/file-upload/:id/:name`. The user logs in by headers or by the query
 * parameters `rc_uid` and `rc_token`.
 */
export const addFileDownload = (app: Hono<{ Bindings: HttpBindings }>, world: World): void => {
  app.get('/file-upload/:id/:name', (context) => {
    const { req } = context;
    const user = findUser(
      world.users,
      req.header('x-user-id') ?? req.query('rc_uid'),
      req.header('x-auth-token') ?? req.query('rc_token'),
    );
    const file = world.uploads.byId(req.param('id'));
    const room = file && world.rooms.byId(file.roomId);
    if (!user || (room && !canAccess(room, user.id))) return context.body(null, 403);
    return fileResponse(file);
  });
};

/** Types that a browser displays without running scripts. HTML and SVG can contain scripts, so they are downloaded. */
const DISPLAYED_INLINE =
  /^(image\/(png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/pdf)$/;
const PREVIEWED = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

export const isPreviewable = (type: string): boolean => PREVIEWED.test(type);

/** The file's bytes, with headers that keep a script in the file from running in the page's origin. 404 without bytes. */
export const fileResponse = (file: StoredFile | undefined): Response => {
  if (!file) return text(404, 'There is no such file: it was never uploaded, or it was not confirmed and has expired.');
  if (!file.content) return text(404, 'The bytes of this file were not kept, only its size and hash.');
  const isInline = DISPLAYED_INLINE.test(file.type);
  return new Response(Readable.toWeb(Readable.from(file.content)), {
    headers: {
      'Content-Type': contentType(file.type),
      'Content-Length': String(file.sizeBytes),
      'Content-Disposition': `${isInline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeName(file.name)}`,
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'private, no-cache',
      // Chromium displays no PDF in a sandbox. Scripts in a PDF do not run in the page's origin.
      ...(file.type !== 'application/pdf' && { 'Content-Security-Policy': "default-src 'none'; sandbox" }),
    },
  });
};

const contentType = (type: string): string => {
  if (type === 'text/plain') return 'text/plain; charset=utf-8';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream';
};

/** RFC 5987 requires some characters to be encoded that encodeURIComponent leaves unchanged. */
const encodeName = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const text = (status: number, message: string): Response =>
  new Response(message, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
