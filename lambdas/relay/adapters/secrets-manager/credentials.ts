import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { SecretError } from '../../domain/errors.ts';
import type { Clock, Logger } from '../../ports.ts';
import { awsCodeOf } from '../aws-error.ts';

/** The bot's credentials for the chat server. */
export interface Credentials {
  readonly userId: string;
  readonly authToken: string;
}

export interface CredentialsSource {
  /** Cached after the first read. @throws SecretError */
  current(): Promise<Credentials>;
  /**
   * Reads the secret again after the server refused it; true if there are other credentials now.
   * @throws SecretError
   */
  renew(refused: Credentials): Promise<boolean>;
}

const headerSafe = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/));
const SecretSchema = v.object({ userId: headerSafe, authToken: headerSafe });

/** The shortest time between two reads of the secret, however often the server refuses it. */
const RENEW_EVERY_MS = 10_000;

/**
 * The next version of a secret while it is being replaced (Secrets Manager User Guide, "Rotation schedules"). An
 * operator stores the new token under this stage before revoking the old one, so that a valid token exists at all
 * times.
 */
const PENDING = 'AWSPENDING';

/**
 * Reads `{"userId","authToken"}` from Secrets Manager. No error message contains any of the secret.
 *
 * When the server refuses the current version, a pending version is used if the server accepts it. It is not made the
 * current one here: the function may read the secret but not change it.
 */
export const createSecret = (options: {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  readonly clock: Clock;
  /** Checks whether the server accepts credentials. @default a pending version is not read */
  readonly accepts?: ((credentials: Credentials) => Promise<boolean>) | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}): CredentialsSource => {
  const { client, secretId, clock, accepts, logger } = options;
  let cached: Promise<Credentials> | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;

  const read = async (stage?: string): Promise<Credentials> => {
    let text: string | undefined;
    try {
      ({ SecretString: text } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }),
      ));
    } catch (error) {
      throw unreadable(secretId, error);
    }
    const parsed = v.safeParse(SecretSchema, parseJson(text));
    if (parsed.success) return parsed.output;
    // The issues of the schema would quote the value.
    throw new SecretError(
      `the secret ${secretId} must hold {"userId":"…","authToken":"…"}; store a personal access token of the bot there`,
      { code: 'SECRET_MALFORMED' },
    );
  };

  /** The credentials to use instead of refused ones; the stored ones if no others are accepted. */
  const successorOf = async (refused: Credentials): Promise<Credentials> => {
    const stored = await read();
    if (accepts === undefined || !isSame(stored, refused)) return stored;
    // A pending version that does not exist or can't be read is ignored: the refusal is reported in any case.
    const pending = await read(PENDING).catch(() => undefined);
    if (pending === undefined || isSame(pending, refused)) return stored;
    const isAccepted = await accepts(pending);
    logger?.warn(
      isAccepted
        ? 'the current version of the secret is refused, the pending one is in use: make it the current one'
        : 'the current version of the secret is refused, and the pending one as well',
      { secretId, stage: PENDING },
    );
    return isAccepted ? pending : stored;
  };

  const keep = (reading: Promise<Credentials>): Promise<Credentials> => {
    const kept = reading.catch((error: unknown) => {
      if (cached === kept) cached = undefined;
      throw error;
    });
    cached = kept;
    return kept;
  };
  const current = (): Promise<Credentials> => cached ?? keep(read());

  return {
    current,
    async renew(refused) {
      if (clock.now() - renewedAt >= RENEW_EVERY_MS) {
        renewedAt = clock.now();
        return !isSame(await keep(successorOf(refused)), refused);
      }
      return !isSame(await current(), refused);
    },
  };
};

const isSame = (one: Credentials, other: Credentials): boolean =>
  one.userId === other.userId && one.authToken === other.authToken;

const OPERATOR_MUST_ACT = new Set([
  'ResourceNotFoundException',
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidRequestException',
  'InvalidParameterException',
]);

const unreadable = (secretId: string, error: unknown): SecretError => {
  const awsCode = awsCodeOf(error);
  const code = OPERATOR_MUST_ACT.has(awsCode) ? 'SECRET_UNREADABLE' : 'SECRET_UNAVAILABLE';
  // Without the cause: the SDK's error of a response that is not JSON quotes it.
  return new SecretError(`the secret ${secretId} can't be read: ${awsCode}`, { code });
};

const parseJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
};
