import { html } from 'hono/html';
import { isPreviewable } from '../http/serve-file.ts';
import { type Room, roomPath } from '../state/rooms.ts';
import type { StoredFile } from '../state/uploads.ts';
import type { World } from '../state/world.ts';

/** A file in a message: a link with the file's size, and a preview of an image. */
export const attachmentCard = (world: World, room: Room, attachment: Readonly<Record<string, unknown>>) => {
  const file = world.uploads.byId(String(attachment['fileId'] ?? ''));
  const description = textOf(attachment['description'] ?? attachment['text']);
  return html`
<div class="attachment">
${description === '' ? '' : html`<p class="text" dir="auto">${description}</p>`}
${file ? fileCard(file, linkTo(room, file), description) : ''}
</div>`;
};

const fileCard = (file: StoredFile, link: string, description: string) => html`
<p class="file">
<span class="kind" aria-hidden="true">${kindOf(file)}</span>
${file.content ? html`<a href="${link}" target="_blank" rel="noopener"><bdi>${file.name}</bdi></a>` : html`<bdi>${file.name}</bdi>`}
<span class="size" title="${file.sizeBytes} bytes, ${file.type}">${sizeText(file.sizeBytes)}</span>
</p>
${
  file.content && isPreviewable(file.type)
    ? html`<a href="${link}" target="_blank" rel="noopener"><img src="${link}" alt="${description}" loading="lazy"></a>`
    : ''
}`;

const linkTo = (room: Room, file: StoredFile): string =>
  `${roomPath(room)}/files/${file.id}/${encodeURIComponent(file.name.toWellFormed()) || 'file'}`;

const kindOf = (file: StoredFile): string => {
  const extension = file.name.includes('.') ? (file.name.split('.').at(-1) ?? '') : '';
  return /^\w{1,4}$/.test(extension) ? extension.toUpperCase() : 'FILE';
};

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** Decimal units, with one decimal place below 10: 1.5 KB, 40 MB. */
const sizeText = (sizeBytes: number): string => {
  const power = sizeBytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(sizeBytes) / 3));
  const value = sizeBytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
