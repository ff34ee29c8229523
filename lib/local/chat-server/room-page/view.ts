import { html, raw } from 'hono/html';
import type { StoredMessage } from '../state/messages.ts';
import type { Room } from '../state/rooms.ts';
import type { World } from '../state/world.ts';
import { attachmentCard } from './attachment.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';

/** A bench can post many thousands of messages into a room. */
const SHOWN_AT_FIRST = 200;

interface RoomView {
  readonly world: World;
  readonly room: Room;
  readonly messages: readonly StoredMessage[];
}

/** The room's whole page; it loads no other resource but images of messages. The `html` tag escapes all values. */
export const roomPage = (view: RoomView & { nonce: string }) => {
  const { room, messages, nonce } = view;
  const after = Math.max(0, messages.length - SHOWN_AT_FIRST);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(room)}</title>
<style nonce="${nonce}">${raw(pageStyle)}</style>
</head>
<body>
<header>
<span class="hash" aria-hidden="true">${room.type === 'c' ? '#' : room.type === 'p' ? '🔒' : '@'}</span>
<h1><bdi>${titleOf(room)}</bdi></h1>
<span id="count">${countText(messages.length)}</span>
<span id="live" role="status">live</span>
</header>
<main>
${after > 0 ? html`<p class="earlier">${after} earlier messages are not shown.</p>` : ''}
<p id="empty"${messages.length > 0 ? raw(' hidden') : ''}>No messages yet. Each object you upload appears here.</p>
<ol id="messages">${messageList({ ...view, after })}</ol>
</main>
<script nonce="${nonce}">${raw(pageScript(messages.length))}</script>
</body>
</html>`;
};

/** List items for the messages after the first `after` ones. */
export const messageList = ({ world, room, messages, after }: RoomView & { after: number }) => {
  const items = messages.slice(after).map((message, index) => {
    const previous = messages[after + index - 1];
    const isNewDay = !previous || dayOf(previous.ts) !== dayOf(message.ts);
    return html`${isNewDay ? html`<li class="day">${dayOf(message.ts)}</li>` : ''}${messageItem(world, room, message)}`;
  });
  return html`${items}`;
};

const messageItem = (world: World, room: Room, message: StoredMessage) => {
  const name = message.alias ?? message.u.name;
  return html`
<li class="message" id="${message._id}">
<span class="avatar" aria-hidden="true">${[...name][0]?.toUpperCase() ?? '?'}</span>
<div class="content">
<p class="byline"><bdi class="name">${name}</bdi> <span class="tag">@${message.u.username}</span>
<time datetime="${message.ts.toISOString()}" title="${message.ts.toISOString()}">${timeOf(message.ts)}</time>
${message.tmid === undefined ? '' : html`<a class="tag" href="#${message.tmid}">in a thread</a>`}</p>
${message.msg === '' ? '' : html`<p class="text" dir="auto">${textOf(message.msg)}</p>`}
${message.attachments?.map((attachment) => attachmentCard(world, room, attachment)) ?? ''}
</div>
</li>`;
};

/** Renders only code spans (text between backticks) of Rocket.Chat's markup: the relay's captions use nothing else. */
const textOf = (text: string) =>
  text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));

const titleOf = (room: Room): string => room.name ?? 'Direct messages';

const countText = (count: number): string => (count === 1 ? '1 message' : `${count} messages`);

const timeOf = (date: Date): string => date.toLocaleTimeString('en-GB');

const dayOf = (date: Date): string => date.toLocaleDateString('en-GB', { dateStyle: 'long' });
