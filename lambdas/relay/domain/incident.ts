import { plain } from './caption.ts';
import type { Reason } from './failure.ts';
import type { CreatedObject } from './s3-event.ts';

/** What an operator has to know of: an object that was given up, or that waits until something is mended. */
export interface Incident {
  readonly kind: 'dead-lettered' | 'misconfigured';
  readonly reason: Reason;
  readonly detail: string;
  /** Absent where the event could not be read. */
  readonly object?: Pick<CreatedObject, 'bucket' | 'key' | 'sequencer' | 'eTag'> | undefined;
  /** As the route names it; absent where no route was found yet. */
  readonly room?: string | undefined;
  /** When its earlier dead letter was written, for one that was redriven; epoch milliseconds. */
  readonly redrivenFrom?: number | undefined;
}

/** While one of these lasts, the chat server is not to be reached, or not as the bot: alarms tell of it instead. */
const UNTELLABLE: ReadonlySet<Reason> = new Set([
  'CHAT_UNREACHABLE',
  'CREDENTIALS_REFUSED',
  'SECRET_UNUSABLE',
  'NOT_ROCKET_CHAT',
]);

export const isTellable = ({ reason }: Incident): boolean => !UNTELLABLE.has(reason);

/**
 * The same for one dead letter however often it is written, and for one misconfiguration in each period, whichever
 * processes meet it.
 */
export const incidentKey = (incident: Incident, now: number, periodMs: number): string => {
  const { kind, reason, object, room, redrivenFrom } = incident;
  const period = Math.floor(now / periodMs);
  if (kind === 'misconfigured' || object === undefined) return JSON.stringify([kind, reason, room, period]);
  const { bucket, key, sequencer, eTag } = object;
  return JSON.stringify([kind, bucket, key, sequencer ?? eTag, room, redrivenFrom]);
};

/** A message for people. Keys and the server's own words stand in it as text, so that none of them calls anybody. */
export const incidentText = ({ kind, reason, detail, object, room }: Incident): string => {
  const what = object === undefined ? 'an event' : code(`s3://${object.bucket}/${object.key}`);
  const where = room === undefined ? '' : ` to ${code(room)}`;
  const headline =
    kind === 'dead-lettered'
      ? `:x: *${reason}*: ${what} was not delivered${where}. It is in the dead-letter queue.`
      : `:wrench: *${reason}*: ${what} waits to be delivered${where}, until this is mended.`;
  return `${headline}\n${code(detail)}\nMore of the same kind may follow without a message.`;
};

const code = (text: string): string => `\`${plain(text.slice(0, 1_500).toWellFormed())}\``;
