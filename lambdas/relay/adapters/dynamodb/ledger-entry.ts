import * as v from 'valibot';
import type { LedgerEntry } from '../../domain/delivery.ts';
import { Status } from '../../domain/delivery.ts';

// Deliberately lenient, so that an item written by an earlier version does not stop a delivery.
const Item = v.object({
  status: v.picklist(Object.values(Status)),
  leaseOwner: v.optional(v.string()),
  leaseExpiresAt: v.optional(v.number()),
  fileId: v.optional(v.string()),
  uploadedAt: v.optional(v.number()),
  sentAt: v.optional(v.number()),
  link: v.optional(v.picklist(['FILE_TOO_LARGE', 'MEDIA_TYPE_REFUSED', 'EMPTY_FILE'])),
  messageId: v.optional(v.string()),
  postedAt: v.optional(v.number()),
  failedAt: v.optional(v.number()),
  attempts: v.optional(v.number(), 0),
  releases: v.optional(v.number(), 0),
  failures: v.optional(v.number(), 0),
  failuresByReason: v.optional(v.record(v.string(), v.number())),
  retriedForMs: v.optional(v.number(), 0),
  dueAt: v.optional(v.number()),
  inDoubt: v.optional(
    v.object({ looks: v.number(), notFoundSince: v.optional(v.number()), drops: v.optional(v.number()) }),
  ),
});

/** Reads an item of the ledger's table. @throws ValiError if no version of the relay can have written it. */
export const parseEntry = (item: Record<string, unknown>): LedgerEntry => {
  const { fileId, uploadedAt, sentAt, link, ...entry } = v.parse(Item, item);
  return {
    ...entry,
    upload: fileId === undefined ? undefined : { fileId, uploadedAt: uploadedAt ?? 0, sentAt, link },
  };
};
