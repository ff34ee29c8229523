import * as v from 'valibot';
import { classify } from '../../domain/failure.ts';
import type { ServerLimits } from '../../domain/server-limits.ts';
import type { CallOptions, Clock, Limits, Logger } from '../../ports.ts';
import type { Client } from './client.ts';

const SettingsAnswer = v.object({ settings: v.array(v.object({ _id: v.string(), value: v.unknown() })) });

/** All of them are public (RocketChat/Rocket.Chat, `server/settings/file-upload.ts` and `message.ts`). */
const IDS = [
  'FileUpload_Enabled',
  'FileUpload_Enabled_Direct',
  'FileUpload_MaxFileSize',
  'FileUpload_MediaTypeBlackList',
  'FileUpload_MediaTypeWhiteList',
  'Message_MaxAllowedSize',
];

const KEPT_MS = 10 * 60_000;
/** After a failed read, the server decides for this long. */
const KEPT_AFTER_FAILURE_MS = 60_000;

export interface ServerLimitsCache extends Limits {
  /** A proxy answered 413 to a request body of this size. Kept for ten minutes, so that a raised limit is noticed. */
  proxyRefused(bodyBytes: number): void;
}

/** Reads the server's settings with `settings.public`. */
export const createServerLimits = (deps: {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}): ServerLimitsCache => {
  const { client, clock, logger } = deps;
  let known: { readonly limits: ServerLimits; readonly readAt: number; readonly keptMs: number } | undefined;
  let reading: Promise<ServerLimits> | undefined;
  let refused: { readonly bodyBytes: number; readonly until: number } | undefined;

  const readSettings = async ({ signal }: CallOptions): Promise<ServerLimits> => {
    const readAt = clock.now();
    try {
      const path = `settings.public?_id=${IDS.join(',')}&count=50`;
      const { data } = await client.call({ method: 'GET', path, answer: SettingsAnswer, signal });
      const limits = limitsOf(new Map(data.settings.map(({ _id, value }) => [_id, value])));
      known = { limits, readAt, keptMs: KEPT_MS };
    } catch (error) {
      logger.warn('the limits of the chat server could not be read; it decides itself', {
        detail: classify(error, 'room').detail,
      });
      known = { limits: {}, readAt, keptMs: KEPT_AFTER_FAILURE_MS };
    }
    return known.limits;
  };

  return {
    async read({ signal, maxAgeMs = KEPT_MS }) {
      const now = clock.now();
      const isFresh = known !== undefined && now - known.readAt < Math.min(known.keptMs, maxAgeMs);
      if (!isFresh && reading === undefined) {
        reading = readSettings({ signal }).finally(() => {
          reading = undefined;
        });
      }
      const limits = await (reading ?? known?.limits);
      const isRefused = refused !== undefined && now < refused.until;
      return { ...limits, ...(isRefused && { refusedBodyBytes: refused?.bodyBytes }) };
    },

    proxyRefused(bodyBytes) {
      const now = clock.now();
      if (refused !== undefined && now < refused.until && refused.bodyBytes <= bodyBytes) return;
      refused = { bodyBytes, until: now + KEPT_MS };
    },
  };
};

/** A setting that the server does not show, or whose value has another type, limits nothing. */
const limitsOf = (settings: ReadonlyMap<string, unknown>): ServerLimits => {
  const text = (id: string): string => {
    const value = settings.get(id);
    return typeof value === 'string' ? value : '';
  };
  const number = (id: string): number | undefined => {
    const value = settings.get(id);
    return typeof value === 'number' && value >= 0 ? value : undefined;
  };
  return {
    takesUploads: settings.get('FileUpload_Enabled') !== false,
    takesDirectUploads: settings.get('FileUpload_Enabled_Direct') !== false,
    // -1 means no limit.
    maxFileSizeBytes: number('FileUpload_MaxFileSize'),
    mediaTypes: {
      whiteList: text('FileUpload_MediaTypeWhiteList'),
      blackList: text('FileUpload_MediaTypeBlackList'),
    },
    maxMessageLength: number('Message_MaxAllowedSize'),
  };
};
