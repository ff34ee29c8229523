import type { Chat, ObjectStore, Trace } from '../ports.ts';

/** The calls of a delivery that take time at somebody else's. Neither keys nor captions are told, only sizes and outcomes. */
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
