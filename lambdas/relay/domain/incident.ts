import type { Reason } from './failure.ts';
import type { CreatedObject } from './s3-event.ts';
import { codeSpan } from './safe-text.ts';

/** An event that operators must see: an object was dead-lettered, or waits until an operator corrects something. */
export interface Incident {
  readonly kind: 'dead-lettered' | 'misconfigured';
  readonly reason: Reason;
  readonly detail: string;
  /** `undefined` if the event could not be read. */
  readonly object?: Pick<CreatedObject, 'bucket' | 'key' | 'sequencer' | 'eTag'> | undefined;
  /** As the route names it; `undefined` if the delivery failed before a route was found. */
  readonly room?: string | undefined;
  /** For a redriven object: when its previous dead letter was written, in epoch milliseconds. */
  readonly redrivenFrom?: number | undefined;
}

/** With these reasons the bot cannot post into the operations room either; the alarms report them. */
const UNREPORTABLE: ReadonlySet<Reason> = new Set([
  'CHAT_UNREACHABLE',
  'CREDENTIALS_REFUSED',
  'SECRET_UNUSABLE',
  'NOT_ROCKET_CHAT',
]);

export const isReportable = ({ reason }: Incident): boolean => !UNREPORTABLE.has(reason);

/**
 * Identifies an incident, so that it is reported once. A dead letter has the same key however often it is written; a
 * misconfiguration has one key a period in all processes.
 */
export const incidentKey = (incident: Incident, now: number, periodMs: number): string => {
  const { kind, reason, object, room, redrivenFrom } = incident;
  const period = Math.floor(now / periodMs);
  if (kind === 'misconfigured' || object === undefined) return JSON.stringify([kind, reason, room, period]);
  const { bucket, key, sequencer, eTag } = object;
  return JSON.stringify([kind, bucket, key, sequencer ?? eTag, room, redrivenFrom]);
};

/** The message for the operators. Keys and the server's error texts are inserted so that they mention no user. */
export const incidentText = ({ kind, reason, detail, object, room }: Incident): string => {
  const what = object === undefined ? 'an event' : code(`s3://${object.bucket}/${object.key}`);
  const where = room === undefined ? '' : ` to ${code(room)}`;
  const headline =
    kind === 'dead-lettered'
      ? `:x: *${reason}*: ${what} was not delivered${where}. It is in the dead-letter queue.`
      : `:wrench: *${reason}*: ${what} waits to be delivered${where}, until this is corrected.`;
  return `${headline}\n${code(detail)}\nMore of the same kind may follow without a message.`;
};

/** The message about optional fields that the chat server does not accept. Its key is the same in all processes. */
export const fieldsRefusedNotice = (refusal: {
  readonly roomId: string;
  readonly fields: readonly string[];
  readonly detail: string;
}): { readonly key: string; readonly text: string } => {
  const { roomId, fields, detail } = refusal;
  const names = fields.map(code).join(', ');
  return {
    key: JSON.stringify(['fields-refused', roomId, fields]),
    text:
      `:information_source: Files are posted to the room ${code(roomId)} without ${names}: the server does not accept ` +
      `them there.\n${code(detail)}\n\`alias\` and \`avatar\` need the permission \`message-impersonate\`.`,
  };
};

const code = (text: string): string => codeSpan(text, 1_500);
