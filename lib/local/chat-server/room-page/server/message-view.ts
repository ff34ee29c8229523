import { parse, type Root } from '@rocket.chat/message-parser';
import type { StoredMessage } from '../../state/messages.ts';
import { type Room, roomPath } from '../../state/rooms.ts';
import type { StoredFile } from '../../state/uploads.ts';
import type { World } from '../../state/world.ts';
import type { AttachmentView, FileView, MessageView } from '../protocol.ts';
import { previewOf } from './preview.ts';
import { visible } from './visible.ts';

/** Makes what the page shows of a message. Texts are parsed by Rocket.Chat's own parser. */
export const messageView = (world: World, room: Room, message: StoredMessage, index: number): MessageView => ({
  id: message._id,
  index,
  at: message.ts.getTime(),
  name: visible(message.alias ?? message.u.name),
  username: visible(message.u.username),
  isBot: world.users.find(({ id }) => id === message.u._id)?.roles.includes('bot') ?? false,
  text: markup(message, message.msg),
  attachments: (message.attachments ?? []).map((attachment) => attachmentView(world, room, attachment)),
  fileId: message.file?._id,
  thread: threadOf(world, message),
  replies: message.tcount ?? 0,
});

/** The parser's time grows with the square of the length: 2,000 asterisks took 0.2 s, 5,000 took 1.2 s. */
const MAX_PARSED = 2_000;

const parsed = new WeakMap<object, Root>();

/** The syntax tree of a text of the message or of the attachment, or `undefined` for an empty one. Parsed once. */
const markup = (owner: object, text: unknown): Root | undefined => {
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  const tree = parsed.get(owner) ?? treeOf(text.toWellFormed());
  parsed.set(owner, tree);
  return tree;
};

const treeOf = (text: string): Root => {
  try {
    if (text.length <= MAX_PARSED) return parse(text, { colors: false, emoticons: true });
  } catch {
    // Deeply nested markup exceeds the parser's stack.
  }
  return text.split('\n').map((line) => ({ type: 'PARAGRAPH', value: [{ type: 'PLAIN_TEXT', value: line }] }));
};

const attachmentView = (world: World, room: Room, attachment: Readonly<Record<string, unknown>>): AttachmentView => {
  const file = world.uploads.byId(String(attachment['fileId'] ?? ''));
  return {
    text: markup(attachment, attachment['description'] ?? attachment['text']),
    file: file && fileView(room, file),
  };
};

const fileView = (room: Room, file: StoredFile): FileView => ({
  name: visible(file.name),
  type: file.type,
  sizeBytes: file.sizeBytes,
  link: file.content && `${roomPath(room)}/files/${file.id}/${encodeURIComponent(file.name.toWellFormed()) || 'file'}`,
  preview: previewOf(file),
});

const TITLE_CHARACTERS = 80;

const threadOf = (world: World, { tmid }: StoredMessage): MessageView['thread'] => {
  if (tmid === undefined) return undefined;
  const parent = world.messages.byId(tmid);
  const title = parent === undefined ? 'a message that is not here' : parent.file?.name || parent.msg;
  return {
    id: tmid,
    index: parent && world.messages.inRoom(parent.rid).indexOf(parent),
    title: visible(title.slice(0, TITLE_CHARACTERS)),
  };
};
