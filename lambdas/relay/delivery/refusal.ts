import { SourceError } from '../domain/errors.ts';
import { fileName } from '../domain/object-name.ts';
import { refusalOf } from '../domain/server-limits.ts';
import type { Limits } from '../ports.ts';
import type { Delivery } from './state.ts';

// What is certainly refused is not sent to the chat server. The answers of the server itself are classified in
// domain/failure.ts.

/** The error of an object that is refused for what its event says. The object is then not even opened. */
export const refusalBefore = async (limits: Limits, delivery: Delivery): Promise<Error | undefined> => {
  const { key, sizeBytes } = delivery.object;
  if (sizeBytes === 0) {
    return new SourceError('the object is empty, and Rocket.Chat takes no empty files', { code: 'OBJECT_EMPTY' });
  }
  return refusalByServer(limits, delivery, { name: fileName(key), sizeBytes });
};

/** Limits that refuse a file are read again if they are older than this, because an operator may have raised them. */
const REFUSING_LIMITS_MS = 30_000;

/** The error of a file that the server's settings or its proxy refuse. */
export const refusalByServer = async (
  limits: Limits,
  { room, message, signal }: Delivery,
  file: { readonly name: string; readonly sizeBytes: number; readonly contentType?: string },
): Promise<Error | undefined> => {
  const known = await limits.read({ signal });
  if (refusalOf(known, { room, ...file }) === undefined) return undefined;
  // A dead letter is sent back after its cause was corrected, so nothing older counts then.
  const isRedriven = message.failedAt !== undefined;
  const maxAgeMs = isRedriven ? 0 : REFUSING_LIMITS_MS;
  const { refusedBodyBytes, ...settings } = await limits.read({ signal, maxAgeMs });
  return refusalOf(isRedriven ? settings : { ...settings, refusedBodyBytes }, { room, ...file });
};
