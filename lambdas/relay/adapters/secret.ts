import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { SecretError } from '../domain/errors.ts';
import type { Clock } from '../ports.ts';

/** The bot's identity at the chat server. */
export interface Credentials {
  readonly userId: string;
  readonly authToken: string;
}

export interface CredentialsSource {
  /** Cached after the first read. @throws SecretError */
  current(): Promise<Credentials>;
  /** Reads the secret again after the server refused it; tells whether it has changed. @throws SecretError */
  renew(refused: Credentials): Promise<boolean>;
}

const headerSafe = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/));
const SecretSchema = v.object({ userId: headerSafe, authToken: headerSafe });

/** Refused again and again, the secret is not read more often than this. */
const RENEW_EVERY_MS = 10_000;

/** Reads `{"userId","authToken"}` from Secrets Manager. Nothing of its content reaches an error's text. */
export const createSecret = (options: {
  readonly client: SecretsManagerClient;
  readonly secretId: string;
  readonly clock: Clock;
}): CredentialsSource => {
  const { client, secretId, clock } = options;
  let cached: Promise<Credentials> | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<Credentials> => {
    let text: string | undefined;
    try {
      ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: secretId })));
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

  const current = (): Promise<Credentials> => {
    cached ??= read().catch((error: unknown) => {
      cached = undefined;
      throw error;
    });
    return cached;
  };

  return {
    current,
    async renew(refused) {
      if (clock.now() - renewedAt >= RENEW_EVERY_MS) {
        renewedAt = clock.now();
        cached = undefined;
      }
      const credentials = await current();
      return credentials.userId !== refused.userId || credentials.authToken !== refused.authToken;
    },
  };
};

const OPERATOR_MUST_ACT = new Set([
  'ResourceNotFoundException',
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidRequestException',
  'InvalidParameterException',
]);

const unreadable = (secretId: string, cause: unknown): SecretError => {
  const name = cause instanceof Error ? cause.name : 'unknown error';
  return new SecretError(`the secret ${secretId} can't be read: ${name}`, {
    code: OPERATOR_MUST_ACT.has(name) ? 'SECRET_UNREADABLE' : 'SECRET_UNAVAILABLE',
    cause,
  });
};

const parseJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
};
