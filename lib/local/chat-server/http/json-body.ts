import type { IncomingMessage } from 'node:http';
import { ClientGoneError } from './meteor-error.ts';

/**
 * Reads the body as an object. Malformed JSON, another content type, a list and an empty body are read as `{}`, as in
 * Rocket.Chat's router: a message is then posted without its caption.
 * @throws ClientGoneError if the client closes the connection before the end of the body
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
