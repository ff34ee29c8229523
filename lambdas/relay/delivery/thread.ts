import { namedThread } from '../domain/thread.ts';
import type { Threads } from '../ports.ts';
import type { Delivery } from './state.ts';

/**
 * The message that the file answers, if the route posts in threads.
 *
 * @param parent with a thread for each key, the first message of the earlier versions; without it, or if it was deleted,
 *   the file starts a thread
 * @throws what `threads` throws
 */
export const threadOf = async (
  threads: Threads,
  { route, object, roomId, signal }: Pick<Delivery, 'route' | 'object' | 'roomId' | 'signal'>,
  parent: string | undefined,
): Promise<string | undefined> => {
  if (route.thread === undefined) return route.threadId;
  if (route.thread !== 'key') return threads.root(roomId, namedThread(route.thread, object), { signal });
  return parent === undefined ? undefined : threads.find(roomId, parent, { signal });
};
