import { MeteorError } from '../http/meteor-error.ts';
import type { World } from '../state/world.ts';

/** The fields of a confirm, all optional. */
export interface ConfirmBody {
  readonly msg?: string;
  readonly tmid?: string;
  readonly emoji?: string;
  readonly t?: string;
  readonly alias?: string;
  readonly avatar?: string;
  readonly groupable?: boolean;
  readonly description?: string;
  readonly customFields?: unknown;
  readonly fileName?: string;
}

const PRESENTATION = ['alias', 'avatar', 'emoji', 'groupable', 'customFields'];
const TEXTS = ['msg', 'tmid', 'emoji', 't', 'alias', 'avatar', 'description', 'customFields'];
/** Metadata of encrypted messages and, as `fileContent`, of encrypted files. `fileContent` and `fileName` came with 8.6.1. */
const UNTYPED = ['content', 'fileContent'];

/**
 * Checks the body as Meteor's `check` does: an unknown key and a value of the wrong type, `null` included, give a
 * "Match error" without an errorType.
 * @throws MeteorError if the description is too long; Error if a field is refused
 */
export const parseConfirmBody = (
  body: Readonly<Record<string, unknown>>,
  world: Pick<World, 'version' | 'settings' | 'features'>,
): ConfirmBody => {
  const { description } = body;
  if (typeof description === 'string' && description.length > world.settings.Message_MaxAllowedSize) {
    throw new MeteorError('error-message-size-exceeded');
  }
  for (const [key, value] of Object.entries(body)) checkField(key, value, world);
  const { customFields, fileContent: _, ...fields } = body;
  return {
    ...(fields as ConfirmBody),
    // A SyntaxError becomes a 400 without an errorType, as on the real server.
    ...(typeof customFields === 'string' && customFields !== '' && { customFields: JSON.parse(customFields) }),
  };
};

const checkField = (key: string, value: unknown, { version, features }: Pick<World, 'version' | 'features'>): void => {
  if (UNTYPED.includes(key) && (key === 'content' || version !== '7.x')) return;
  const isKnown = TEXTS.includes(key) || key === 'groupable' || (key === 'fileName' && version !== '7.x');
  if (!isKnown || (!features.presentationFields && PRESENTATION.includes(key)))
    throw new Error(`Match error: Unknown key in field ${key}`);
  checkType(key, value, key === 'groupable' ? 'boolean' : 'string');
};

const checkType = (key: string, value: unknown, type: 'string' | 'boolean'): void => {
  if (typeof value === type) return;
  const got = value === null ? 'null' : typeof value;
  throw new Error(`Match error: Expected ${type}, got ${got} in field ${key}`);
};
