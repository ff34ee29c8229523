import type { Endpoint } from './endpoint.ts';
import { chatGetMessage, chatGetMessageByFileId } from './endpoints/chat-get-message.ts';
import { chatPostMessage, chatSendMessage } from './endpoints/chat-send-message.ts';
import { chatSyncMessages } from './endpoints/chat-sync-messages.ts';
import { filesEndpoints } from './endpoints/files.ts';
import { me } from './endpoints/me.ts';
import { roomsInfo } from './endpoints/rooms-info.ts';
import { roomsMedia } from './endpoints/rooms-media.ts';
import { roomsMediaConfirm } from './endpoints/rooms-media-confirm.ts';
import { serverInfo } from './endpoints/server-info.ts';
import { settingsPublic } from './endpoints/settings-public.ts';

/** The part of Rocket.Chat's API that this server speaks. Anything else is a 404. */
export const endpoints: readonly Endpoint[] = [
  roomsMedia,
  roomsMediaConfirm,
  roomsInfo,
  me,
  serverInfo,
  settingsPublic,
  chatSyncMessages,
  chatGetMessage,
  chatGetMessageByFileId,
  chatSendMessage,
  chatPostMessage,
  ...filesEndpoints,
];
