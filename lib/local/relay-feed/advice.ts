import type { Reason } from '../../../lambdas/relay/domain/failure.ts';

/** What to do about an object that waits or was dead-lettered, in short. docs/operating.md explains each reason. */
export const adviceFor = (reason: string): string =>
  (ADVICE as Readonly<Partial<Record<string, string>>>)[reason] ?? 'see the table of reasons in docs/operating.md';

const NOTHING = 'Nothing: the relay tries again by itself.';

const ADVICE: Readonly<Record<Reason | 'FUNCTION_FAILED', string>> = {
  UNREADABLE_EVENT: 'Find out who writes to the queue: the message is not an event of S3.',
  EMPTY_FILE: 'Nothing: Rocket.Chat takes no empty file. A route with minSizeBytes: 1 ignores such objects.',
  FILE_TOO_LARGE: 'Raise FileUpload_MaxFileSize, and the limit of a proxy, then send the file back.',
  MEDIA_TYPE_REFUSED: 'Allow the type in the server’s File Upload settings, then send the file back.',
  APP_PREVENTED: 'Change the app of the chat server that refused the file, or its settings, then send the file back.',
  CAPTION_TOO_LONG: 'Shorten the caption in the route, then send the file back.',
  MEDIA_NOT_PROCESSED: 'Open the file: the image may be broken. If the server’s storage was the cause, send it back.',
  OBJECT_ARCHIVED: 'Restore the object from its archive, then send it back.',
  ABANDONED: 'Read the function’s log: it crashed or timed out with this file. Then send the file back.',
  RATE_LIMITED: 'Nothing: the server’s rate limit delays the file and uses up no retry.',
  CHAT_UNREACHABLE: 'Check whether the chat server is up and can be reached.',
  CHAT_ERROR: 'Read the log of the chat server, or of the proxy in front of it.',
  NOT_POSTED: 'Nothing: the relay searches the room before it repeats the confirm.',
  UPLOAD_EXPIRED: 'Nothing: the relay uploads the file again.',
  SOURCE_ERROR: NOTHING,
  LEDGER_ERROR: NOTHING,
  LEASED: 'Nothing: another delivery of the file is at work.',
  OUT_OF_TIME: NOTHING,
  OBJECT_GONE: 'Nothing: the object was deleted or replaced before it was read.',
  SUPERSEDED: 'Nothing: a newer version of the object was posted.',
  CREDENTIALS_REFUSED: 'Check the user id and the token of the bot.',
  SECRET_UNUSABLE: 'Check the secret: its value is {"userId":"…","authToken":"…"}.',
  ROOM_UNAVAILABLE: 'Check that the room exists, and that the bot is a member and may post there.',
  UPLOADS_DISABLED: 'Allow file uploads in the server’s settings.',
  MENTION_NOT_ALLOWED: 'Allow the bot to mention @all and @here, or change the caption.',
  FEDERATION_NOT_READY: 'Configure the server’s federation, or choose another room.',
  WORKSPACE_RESTRICTED: 'Restore the workspace’s connection to Rocket.Chat, or its licence.',
  VERSION_NOT_SUPPORTED: 'Upgrade the server or the relay.',
  NOT_ROCKET_CHAT: 'Check the server’s URL, and the firewall in front of it.',
  SOURCE_FORBIDDEN: 'Check the function’s permission to read the object.',
  INTERNAL_ERROR: 'Report it: this is a defect of the relay.',
  MESSAGE_DROPPED: 'Find the app of the chat server that drops the message, then send the file back.',
  UNKNOWN_BUCKET: 'Deploy the relay for this bucket, or remove its notification.',
  LEDGER_ENTRY_INVALID: 'Look at the object’s entry in the ledger, delete it, then send the file back.',
  FUNCTION_FAILED: 'Read the function’s log. SQS gives the file again when its visibility timeout ends.',
};
