import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { Endpoint } from './calls/endpoint.ts';
import { performCall } from './calls/perform-call.ts';
import type { Service } from './calls/running-call.ts';
import { endpoints } from './endpoints/index.ts';
import { addFileDownload } from './http/serve-file.ts';
import { addRoomPages } from './room-page/routes.ts';
import type { RoomPage } from './room-page/server/room-page.ts';

type Env = { Bindings: HttpBindings };

/** `Response` refuses a body with these statuses, as HTTP does. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** All routes of the server: API endpoints, file downloads and room pages. */
export const createApp = (service: Service, page: RoomPage): Hono<Env> => {
  const app = new Hono<Env>();
  for (const endpoint of endpoints) {
    app.on(endpoint.method, endpoint.path, async (context, next) => {
      if (endpoint.isEnabled && !endpoint.isEnabled(service.world)) return next();
      return callEndpoint(service, endpoint, context);
    });
  }
  app.all('/api/*', (context) => unknownEndpoint(service, context));
  addFileDownload(app, service.world);
  addRoomPages(app, page);
  return app;
};

const callEndpoint = async (service: Service, endpoint: Endpoint, context: Context<Env>): Promise<Response> => {
  const { incoming, outgoing } = context.env;
  const params = context.req.param() as Record<string, string>;
  const query = new URL(context.req.url).searchParams;
  const call = service.log.begin({
    name: endpoint.name,
    method: endpoint.method,
    route: endpoint.path,
    roomId: params['rid'] ?? query.get('roomId') ?? undefined,
    fileId: params['fileId'] ?? query.get('fileId') ?? undefined,
  });
  const fault = service.faults.take(call);
  if (fault) call.fault = fault.kind;
  const outcome = await performCall({ service, call, fault, incoming, outgoing, headers: {} }, endpoint, {
    world: service.world,
    params,
    query,
    incoming,
    nullMessage: fault?.kind === 'message-null' ? (fault.commit ? 'unread' : 'dropped') : undefined,
  });
  if (outcome.kind === 'silent') {
    service.log.end(call);
    return RESPONSE_ALREADY_SENT;
  }
  service.log.end(call, outcome.status);
  const body = WITHOUT_BODY.has(outcome.status) ? null : outcome.body || null;
  return new Response(body, { status: outcome.status, headers: outcome.headers });
};

/** Rocket.Chat's router answers an unknown path in plain text. */
const unknownEndpoint = (service: Service, context: Context<Env>): Response => {
  const { method, path } = context.req;
  const call = service.log.begin({ name: 'unknown', method, route: path, roomId: undefined, fileId: undefined });
  service.log.end(call, 404);
  return context.text('404 Not Found', 404);
};
