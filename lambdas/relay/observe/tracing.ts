import type { Chat, ObjectStore, Trace } from '../ports.ts';

/**
 * Traces the calls of a delivery to S3 and to the chat server. A trace has sizes and outcomes, no keys and no captions.
 */
export const traced = (
  { chat, store }: { readonly chat: Chat; readonly store: ObjectStore },
  trace: Trace,
): { readonly chat: Chat; readonly store: ObjectStore } => ({
  chat: {
    ...chat,
    uploadMedia: (roomId, file, options) =>
      trace('rooms.media', 'remote', { sizeBytes: file.source.sizeBytes }, () =>
        chat.uploadMedia(roomId, file, options),
      ),
    confirmMedia: (target, message, options) =>
      trace('rooms.mediaConfirm', 'remote', {}, () => chat.confirmMedia(target, message, options)),
  },
  store: {
    ...store,
    open: (object, options) => trace('S3', 'aws', { sizeBytes: object.sizeBytes }, () => store.open(object, options)),
  },
});
