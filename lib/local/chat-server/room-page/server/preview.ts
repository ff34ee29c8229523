import papaparse from 'papaparse';
import { isPreviewable } from '../../http/serve-file.ts';
import type { StoredFile } from '../../state/uploads.ts';
import type { Preview } from '../protocol.ts';

const MAX_BYTES = 4_096;
const MAX_LINES = 6;
const MAX_COLUMNS = 6;
const MAX_CHARACTERS = 160;

const TABLES = new Set(['text/csv', 'text/tab-separated-values']);
const TEXTS = /^(text\/(plain|markdown|x-log)|application\/(json|xml|yaml|toml|x-ndjson))$/;

/** The beginning of a text or of a table, or the whole image. `undefined` for other files and for bytes that are not UTF-8. */
export const previewOf = (file: StoredFile): Preview | undefined => {
  if (file.content === undefined || file.sizeBytes === 0) return undefined;
  if (isPreviewable(file.type)) return { kind: 'image' };
  if (!TABLES.has(file.type) && !TEXTS.test(file.type)) return undefined;
  const text = beginningOf(file);
  if (text === undefined) return undefined;
  return TABLES.has(file.type) ? tableOf(text, file) : textOf(text, file);
};

const textOf = (text: string, file: StoredFile): Preview => {
  const lines = text.trimEnd().split(/\r\n|\r|\n/);
  return {
    kind: 'text',
    lines: lines.slice(0, MAX_LINES).map(clip),
    isCut: lines.length > MAX_LINES || file.sizeBytes > MAX_BYTES,
  };
};

const tableOf = (text: string, file: StoredFile): Preview => {
  const { data } = papaparse.parse<readonly string[]>(text, { preview: MAX_LINES + 1, skipEmptyLines: true });
  const rows = data.filter((row) => Array.isArray(row));
  return {
    kind: 'table',
    rows: rows.slice(0, MAX_LINES).map((row) => row.slice(0, MAX_COLUMNS).map(clip)),
    isCut: rows.length > MAX_LINES || file.sizeBytes > MAX_BYTES || rows.some((row) => row.length > MAX_COLUMNS),
  };
};

const clip = (text: string): string => (text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text);

/** The cut may be in the middle of a character, whose bytes are then left out. */
const beginningOf = (file: StoredFile): string | undefined => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (const chunk of file.content ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_BYTES) break;
  }
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    return decoder.decode(Buffer.concat(chunks).subarray(0, MAX_BYTES), { stream: bytes > MAX_BYTES });
  } catch {
    return undefined;
  }
};
