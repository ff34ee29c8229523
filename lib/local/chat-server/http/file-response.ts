import { Readable } from 'node:stream';
import type { StoredFile } from '../state/uploads.ts';

/** Types that a browser shows without running anything. HTML and SVG are not among them: they can hold scripts. */
const SHOWN_IN_PLACE =
  /^(image\/(png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/pdf)$/;
const PREVIEWED = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

export const isPreviewable = (type: string): boolean => PREVIEWED.test(type);

/** The file's bytes with headers that keep a hostile file from acting in the page's name; 404 where they were not kept. */
export const fileResponse = (file: StoredFile | undefined): Response => {
  if (!file) return text(404, 'There is no such file here: it was never uploaded, or swept away unconfirmed.');
  if (!file.content) return text(404, 'The bytes of this file were not kept, only their number and hash.');
  const inPlace = SHOWN_IN_PLACE.test(file.type);
  return new Response(Readable.toWeb(Readable.from(file.content)), {
    headers: {
      'Content-Type': contentType(file.type),
      'Content-Length': String(file.sizeBytes),
      'Content-Disposition': `${inPlace ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeName(file.name)}`,
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'private, no-cache',
      // Chromium shows no PDF in a sandbox; a PDF can't run scripts in our origin anyway.
      ...(file.type !== 'application/pdf' && { 'Content-Security-Policy': "default-src 'none'; sandbox" }),
    },
  });
};

const contentType = (type: string): string => {
  if (type === 'text/plain') return 'text/plain; charset=utf-8';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream';
};

/** RFC 5987 leaves fewer characters as they are than encodeURIComponent does. */
const encodeName = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const text = (status: number, message: string): Response =>
  new Response(message, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
