import type { LinkReason } from '../domain/delivery.ts';
import { linkBelow, linkText } from '../domain/link.ts';
import type { Clock, Limits, Links } from '../ports.ts';
import type { Delivery } from './state.ts';

export interface LinkDeps {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly links: Links;
}

/** The route no longer has a `link`, but one was claimed before, and it may have been posted. */
const DEFAULT_HOURS = 1;

/**
 * The text of the message with a link in place of the file.
 * @param message.caption returns the caption with at most so many characters
 * @throws FileRefusedError if the link is longer than the server allows
 */
export const linkMessage = async (
  { clock, limits, links }: LinkDeps,
  { object, route, signal }: Delivery,
  message: { readonly reason: LinkReason; readonly caption: (maxLength: number) => string },
): Promise<string> => {
  const known = await limits.read({ signal });
  const { sizeBytes } = object;
  const { baseUrl, presignForHours = DEFAULT_HOURS } = route.link ?? {};
  if (baseUrl !== undefined) return linkText({ ...message, sizeBytes, url: linkBelow(baseUrl, object.key) }, known);
  const signedAt = clock.now();
  const seconds = presignForHours * 3_600;
  const url = await links.presign(object, { signedAt, seconds });
  return linkText({ ...message, sizeBytes, url, endsAt: signedAt + seconds * 1_000 }, known);
};
