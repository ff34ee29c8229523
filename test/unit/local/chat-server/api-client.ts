import http from 'node:http';
import type { ChatServer } from '../../../../lib/local/chat-server/index.ts';

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as a JSON object; empty if it is not JSON. */
  readonly json: Record<string, unknown>;
}

export interface CallInput {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer;
  /** Sends no credentials. */
  readonly anonymous?: boolean;
  readonly signal?: AbortSignal;
}

/** Makes one call over a new connection. @throws the socket's error if there is no answer */
export const call = (chat: ChatServer, path: string, input: CallInput = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const request = http.request(chat.url + path, {
      method: input.method ?? (input.body === undefined ? 'GET' : 'POST'),
      headers: clean({
        ...(!input.anonymous && { 'X-User-Id': chat.userId, 'X-Auth-Token': chat.authToken }),
        ...input.headers,
      }),
      agent: false,
      ...(input.signal && { signal: input.signal }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) });
      });
    });
    request.end(input.body);
  });

export interface Part {
  /** @default file */
  readonly field?: string;
  /** The part's Content-Disposition after the field's name. @default ; filename="report.pdf" */
  readonly disposition?: string;
  /** @default application/pdf */
  readonly type?: string;
  readonly content?: string | Buffer;
}

/** Begins as a PNG image does, which is all that the server looks at. */
export const PNG = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1');

const BOUNDARY = 'x-test-boundary';
const FORM = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

export const form = (...parts: Part[]): Buffer =>
  Buffer.concat([...parts.flatMap((part) => [partHead(part), Buffer.from(part.content ?? 'content'), CRLF]), END]);

export const truncatedForm = (part: Part): Buffer =>
  Buffer.concat([partHead(part), Buffer.from(part.content ?? 'con')]);

/** Calls `rooms.media`, by default with one valid part. */
export const upload = (chat: ChatServer, body: Buffer = form({}), input: CallInput & { roomId?: string } = {}) =>
  call(chat, `/api/v1/rooms.media/${input.roomId ?? 'GENERAL'}`, {
    ...input,
    body,
    headers: { ...FORM, ...input.headers },
  });

/** Uploads a file without confirming it, and returns its id. */
export const uploadedFileId = async (chat: ChatServer, body?: Buffer): Promise<string> => {
  const { json, text } = await upload(chat, body);
  const { file } = json;
  if (typeof file === 'object' && file !== null && '_id' in file) return String(file._id);
  throw new Error(`The upload failed: ${text}`);
};

/** Calls `rooms.mediaConfirm`. */
export const confirm = (
  chat: ChatServer,
  fileId: string,
  body: unknown = {},
  input: CallInput & { roomId?: string } = {},
) =>
  call(chat, `/api/v1/rooms.mediaConfirm/${input.roomId ?? 'GENERAL'}/${fileId}`, {
    ...input,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...input.headers },
  });

const CRLF = Buffer.from('\r\n');
const END = Buffer.from(`--${BOUNDARY}--\r\n`);

const partHead = ({ field = 'file', disposition = '; filename="report.pdf"', type = 'application/pdf' }: Part) =>
  Buffer.from(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
  );

const clean = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));

const parse = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};
