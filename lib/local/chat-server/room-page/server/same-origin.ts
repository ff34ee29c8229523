import type { Context } from 'hono';
import { isLoopbackHost } from '../../../loopback.ts';

/**
 * Refuses requests whose `Host` is another name: a website can make its own name resolve to 127.0.0.1 (DNS rebinding)
 * and would be of the same origin then.
 */
export const refuseForeignHost = (context: Context): Response | undefined =>
  isLoopbackHost(context.req.header('host'))
    ? undefined
    : context.text('This page is served under localhost and 127.0.0.1 only: open it under one of these names.', 403);

/**
 * Refuses what another website's script or form sends. Browsers send `Origin` with every POST
 * (https://fetch.spec.whatwg.org/#origin-header), so one that is missing or that of another site is refused.
 */
export const refuseForeignOrigin = (context: Context): Response | undefined => {
  const own = `http://${context.req.header('host')}`;
  if (context.req.header('origin')?.toLowerCase() === own.toLowerCase()) return undefined;
  return context.text(`Only the room page itself may do this: send the header "Origin: ${own}".`, 403);
};
