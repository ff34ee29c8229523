import * as v from 'valibot';
import { settingsEntries } from '../../lambdas/relay/domain/settings.ts';
import { checkConfiguration, configurationError } from './check-configuration.ts';
import { rocketChatUrlSchema } from './rocket-chat-url.ts';

const wholeNumber = (min: number, max: number, unit: string) => {
  const allowed = `must be a whole number of ${unit} from ${min} to ${max}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(min, allowed), v.maxValue(max, allowed));
};

/** What CloudWatch Logs takes. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** Everything the context key `relay` may hold; `docs/configuration.md` explains it to operators. */
export const RelayContextSchema = v.strictObject({
  /** Base URL of the Rocket.Chat server. */
  rocketChatUrl: rocketChatUrlSchema,
  ...settingsEntries,
  /** An existing bucket, in the region of the stack. @default a new one */
  bucketName: v.optional(
    v.pipe(
      v.string('must be the name of a bucket'),
      v.regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, without "s3://"',
      ),
    ),
  ),
  /** An existing secret with `{"userId","authToken"}`. @default a new one, to be filled after the first deployment */
  secretArn: v.optional(
    v.pipe(
      v.string('must be the ARN of a secret'),
      v.regex(
        /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
        'must be the complete ARN of a secret, as "aws secretsmanager describe-secret" prints it with its last six characters',
      ),
    ),
  ),
  /** Name of the stack: a second relay in one account and region needs another. */
  stackName: v.optional(
    v.pipe(
      v.string('must be the name of a stack'),
      v.regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'must be letters, digits and hyphens, at most 128, a letter first'),
    ),
    'RocketChatRelay',
  ),
  /** Function instances that work through the queue at the same time. */
  maxConcurrency: v.optional(wholeNumber(2, 1000, 'instances'), 2),
  /** Memory of the function. */
  memorySizeMb: v.optional(wholeNumber(256, 10_240, 'MB'), 256),
  /** How long the function's log is kept. */
  logRetentionDays: v.optional(v.picklist(LOG_RETENTION_DAYS, `must be one of ${LOG_RETENTION_DAYS.join(', ')}`), 90),
});
export type RelayContext = v.InferOutput<typeof RelayContextSchema>;

/**
 * Reads the context key `relay`, and over it what the shortcuts `rocketChatUrl`, `room` and `bucketName` say: for one
 * room they suffice.
 * @throws ConfigurationError with every fault at once
 */
export const readRelayContext = (contextValue: (key: string) => unknown): RelayContext => {
  const relay = parseJson(contextValue('relay') ?? {});
  if (typeof relay !== 'object' || relay === null || Array.isArray(relay)) {
    const allowed = 'must be an object, on the command line as JSON';
    throw configurationError('relay', [{ place: 'relay', value: JSON.stringify(relay), allowed }]);
  }
  const rocketChatUrl = contextValue('rocketChatUrl');
  const bucketName = contextValue('bucketName');
  const room = contextValue('room');
  const input = {
    ...relay,
    ...(rocketChatUrl !== undefined && { rocketChatUrl }),
    ...(bucketName !== undefined && { bucketName }),
    ...(room !== undefined && { routes: withRoom('routes' in relay ? relay.routes : undefined, room) }),
  };
  return checkConfiguration(RelayContextSchema, input, {
    root: 'relay',
    rename: {
      ...(rocketChatUrl !== undefined && { 'relay.rocketChatUrl': '-c rocketChatUrl' }),
      ...(bucketName !== undefined && { 'relay.bucketName': '-c bucketName' }),
      ...(room !== undefined && { 'relay.routes[0].room': '-c room' }),
    },
  });
};

/** A value given with `-c` on the command line is a string. */
const parseJson = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    const allowed = `must be JSON, e.g. -c relay='{"rocketChatUrl":"https://chat.example.com","routes":[{"room":"#general"}]}' (${String(error)})`;
    throw configurationError('relay', [{ place: '-c relay', allowed }]);
  }
};

/** The room of the only route. With several, nobody could say which of them was meant. */
const withRoom = (routes: unknown, room: unknown): unknown => {
  if (!Array.isArray(routes) || routes.length === 0) return [{ room }];
  if (routes.length > 1) {
    const allowed = `stands for the only route, and relay.routes has ${routes.length}: change the room there`;
    throw configurationError('relay', [{ place: '-c room', value: JSON.stringify(room), allowed }]);
  }
  return [{ ...routes[0], room }];
};
