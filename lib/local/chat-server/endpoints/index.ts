import type { Endpoint } from '../calls/endpoint.ts';
import { chatGetMessage, chatGetMessageByFileId } from './chat-get-message.ts';
import { chatPostMessage, chatSendMessage } from './chat-send-message.ts';
import { chatSyncMessages } from './chat-sync-messages.ts';
import { filesEndpoints } from './files.ts';
import { imCreate } from './im-create.ts';
import { me, serverInfo, settingsPublic } from './info.ts';
import { permissionsListAll, subscriptionsGetOne } from './permissions.ts';
import { roomsInfo } from './rooms-info.ts';
import { roomsMedia } from './rooms-media.ts';
import { roomsMediaConfirm } from './rooms-media-confirm.ts';

/** The endpoints of Rocket.Chat's API that this server implements. Every other path answers 404. */
export const endpoints: readonly Endpoint[] = [
  roomsMedia,
  roomsMediaConfirm,
  roomsInfo,
  imCreate,
  me,
  permissionsListAll,
  subscriptionsGetOne,
  serverInfo,
  settingsPublic,
  chatSyncMessages,
  chatGetMessage,
  chatGetMessageByFileId,
  chatSendMessage,
  chatPostMessage,
  ...filesEndpoints,
];
