import { ChatAnswerError } from '../../domain/errors.ts';
import { refusedFieldsOf } from '../../domain/failure.ts';
import type { CallOptions, Clock, Limits, OutgoingMessage } from '../../ports.ts';

/** Optional fields that the server does not accept, so that messages are posted without them. */
export interface FieldsRefusal {
  readonly roomId: string;
  /** As Rocket.Chat names them: `alias`, `avatar`, `emoji`, `description`. */
  readonly fields: readonly string[];
  /** The server's answer. */
  readonly detail: string;
}

/** Reports a refusal to the operators. Never throws. */
export type ReportFieldsRefusal = (refusal: FieldsRefusal, options: CallOptions) => Promise<void>;

/** The fields of `rooms.mediaConfirm`. The server rejects unknown keys and null, so an absent value is left out. */
export type ConfirmFields = Readonly<Record<string, string>>;

/** What the server accepts in a message, as far as its refusals have shown. */
export interface MessageFields {
  /** The fields to send. */
  of(roomId: string, message: OutgoingMessage): ConfirmFields;
  /**
   * Learns from a refusal that came before anything was posted. Returns whether the message may be posted with other
   * fields: without the optional ones that were refused, or with shorter texts.
   */
  learn(error: unknown, roomId: string, sent: ConfirmFields, options: CallOptions): Promise<boolean>;
}

/**
 * A permission that was granted, and a server that was updated, are noticed after this time. Not sooner, because a
 * refused confirm of an image leaves a thumbnail behind.
 */
const REMEMBERED_FOR_MS = 3_600_000;

export const createMessageFields = (deps: {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly report?: ReportFieldsRefusal | undefined;
}): MessageFields => {
  const { limits, clock, report } = deps;
  const refusedUntil = new Map<string, number>();
  const reported = new Set<string>();
  let maxLength: { readonly value: number; readonly until: number } | undefined;

  const keyOf = (roomId: string, field: string): string => JSON.stringify([roomId, field]);
  const isRefused = (roomId: string, field: string): boolean =>
    clock.now() < (refusedUntil.get(keyOf(roomId, field)) ?? Number.NEGATIVE_INFINITY);

  return {
    of(roomId, message) {
      const isLimited = maxLength !== undefined && clock.now() < maxLength.until;
      const { text, altText } = isLimited && message.shorten ? message.shorten(maxLength?.value ?? 0) : message;
      const optional = { description: altText, alias: message.alias, emoji: message.emoji, avatar: message.avatar };
      const accepted = Object.entries(optional).filter(
        (entry): entry is [string, string] => !!entry[1] && !isRefused(roomId, entry[0]),
      );
      return {
        msg: text,
        ...(message.threadId === undefined ? {} : { tmid: message.threadId }),
        ...Object.fromEntries(accepted),
      };
    },

    async learn(error, roomId, sent, options) {
      if (!(error instanceof ChatAnswerError)) return false;
      if (error.errorType === 'error-message-size-exceeded' && error.isRocketChats) {
        const { maxMessageLength: value } = await limits.read({ ...options, maxAgeMs: 0 });
        const longest = Math.max(sent['msg']?.length ?? 0, sent['description']?.length ?? 0);
        if (value === undefined || value >= longest) return false;
        maxLength = { value, until: clock.now() + REMEMBERED_FOR_MS };
        return true;
      }
      const fields = refusedFieldsOf(error, Object.keys(sent));
      if (fields.length === 0) return false;
      for (const field of fields) refusedUntil.set(keyOf(roomId, field), clock.now() + REMEMBERED_FOR_MS);
      const key = JSON.stringify([roomId, fields]);
      if (!reported.has(key)) {
        reported.add(key);
        await report?.({ roomId, fields, detail: error.message }, options);
      }
      return true;
    },
  };
};
