import { fileName } from '../../../../../lambdas/relay/domain/object-name.ts';
import type { RelayFeed } from '../../../relay-feed/relay-feed.ts';
import type { World } from '../../state/world.ts';
import type { RelayView } from '../protocol.ts';

/** Compares what was uploaded with what the rooms show. */
export interface Balance {
  view(): RelayView;
}

/**
 * Counts the uploads and the messages of each file name and size. More messages than uploads means that one was posted
 * twice; a posted object without a message, or one that is in no queue, is lost.
 */
export const createBalance = (world: World, feed: RelayFeed): Balance => {
  const byFile = new Map<string, { uploads: number; messages: number }>();
  const seen = new Set<number>();
  const unshown = new Map<number, string>();
  let twice = 0;

  const note = (name: string, sizeBytes: number, change: 'uploads' | 'messages'): void => {
    const id = JSON.stringify([name, sizeBytes]);
    const file = byFile.get(id) ?? { uploads: 0, messages: 0 };
    byFile.set(id, file);
    const before = Math.max(0, file.messages - file.uploads);
    file[change] += 1;
    twice += Math.max(0, file.messages - file.uploads) - before;
  };

  world.messages.onInsert(({ file }) => {
    if (file !== undefined) note(file.name, file.size, 'messages');
  });
  feed.onChange(({ id, key, sizeBytes, state, messageId }) => {
    if (!seen.has(id) && key !== undefined && sizeBytes !== undefined) {
      seen.add(id);
      note(fileName(key), sizeBytes, 'uploads');
    }
    if (state === 'posted' && messageId !== undefined && world.messages.byId(messageId) === undefined) {
      unshown.set(id, messageId);
    }
  });

  return {
    view: () => ({ bucket: feed.bucket, counts: { ...feed.counts() }, lost: feed.missing() + unshown.size, twice }),
  };
};
