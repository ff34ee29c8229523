import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { canAccess } from '../state/rooms.ts';
import { findUser } from '../state/users.ts';
import type { World } from '../state/world.ts';
import { fileResponse } from './file-response.ts';

/** The files under the links that messages have: for who is logged in, by headers or by `rc_uid` and `rc_token`. */
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
