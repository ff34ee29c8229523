import type { IncomingMessage } from 'node:http';
import { ClientGoneError } from './meteor-error.ts';

/**
 * The body as an object. Malformed JSON, another content type, a list or no body at all are taken as `{}`, as
 * Rocket.Chat's router does: a message is then posted without its caption.
 * @throws ClientGoneError
 */
export const readJsonBody = async (incoming: IncomingMessage): Promise<Record<string, unknown>> => {
  const text = await readText(incoming);
  if (!incoming.headers['content-type']?.includes('application/json')) return {};
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
  } catch {
    return {};
  }
};

const readText = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    throw new ClientGoneError();
  }
  return Buffer.concat(chunks).toString('utf8');
};
