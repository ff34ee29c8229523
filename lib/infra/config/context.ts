import * as v from 'valibot';
import { settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { checkConfiguration } from './check-configuration.ts';
import { configurationError } from './configuration-error.ts';
import { proxyUrlSchema, rocketChatUrlSchema } from './connection.ts';
import {
  alarmEmailSchema,
  bucketNameSchema,
  certificateFileSchema,
  keyArnSchema,
  logRetentionSchema,
  secretArnSchema,
  stackNameSchema,
  topicArnSchema,
  vpcSchema,
} from './context-values.ts';
import { resourceEntries, runbookUrlSchema } from './resource-values.ts';

const onOff = v.boolean('must be true or false');

const entries = {
  /** Base URL of the Rocket.Chat server. */
  rocketChatUrl: rocketChatUrlSchema,
  ...settingsEntries,
  /** Name of an existing bucket in the account and region of the stack. @default a new bucket */
  bucketName: v.optional(bucketNameSchema),
  /** Names of several existing buckets. */
  bucketNames: v.optional(
    v.pipe(v.array(bucketNameSchema, 'must be a list of buckets'), v.nonEmpty('must name at least one bucket')),
  ),
  /** Receives events through EventBridge instead of the bucket's notifications. */
  eventBridge: v.optional(onOff, false),
  /** Turns on versioning for the new bucket. */
  versioned: v.optional(onOff, false),
  /** ARN of an existing secret that holds `{"userId","authToken"}`. @default a new secret, filled after the first deployment */
  secretArn: v.optional(secretArnSchema),
  /** ARN of a KMS key that encrypts what the stack creates. */
  encryptionKeyArn: v.optional(keyArnSchema),
  /** ARNs of the KMS keys that encrypt the existing buckets and the existing secret. */
  decryptionKeyArns: v.optional(v.array(keyArnSchema, 'must be a list of keys')),
  /** The VPC in which the function runs. @default none */
  vpc: v.optional(vpcSchema),
  /** Path of a file with certificates in PEM, relative to the folder of `cdk.json`. */
  certificateAuthorityFile: v.optional(certificateFileSchema),
  /** URL of the proxy to the chat server. */
  proxyUrl: v.optional(proxyUrlSchema),
  /** Name of the stack. A second relay in the same account and region needs another name. */
  stackName: v.optional(stackNameSchema, 'RocketChatRelay'),
  ...resourceEntries,
  /** Function instances that run at the same time. */
  maxConcurrency: v.optional(resourceEntries.maxConcurrency.wrapped, 2),
  /** Memory of the function in MB. */
  memorySizeMb: v.optional(resourceEntries.memorySizeMb.wrapped, 256),
  /** Turns on AWS X-Ray. */
  tracing: v.optional(onOff, false),
  /** ARN of an existing topic for the alarms. @default a new topic */
  alarmTopicArn: v.optional(topicArnSchema),
  /** E-mail address that is subscribed to the new topic. */
  alarmEmail: v.optional(alarmEmailSchema),
  /** Under a rate limit: the delay of a file, waiting included, that raises the alarm. */
  backlogAlarmAfterHours: v.optional(resourceEntries.backlogAlarmAfterHours.wrapped, 24),
  /** Page with a section for each alarm, linked in the alarms' texts. @default the packaged docs/operating.md */
  runbookUrl: v.optional(runbookUrlSchema),
  /** Creates a CloudWatch dashboard. */
  dashboard: v.optional(onOff, true),
  /** Retention of the function's log. */
  logRetentionDays: v.optional(logRetentionSchema, 90),
};

/** The context key `relay`; `docs/configuration.md` documents it for operators. */
export const RelayContextSchema = v.pipe(
  v.strictObject(entries),
  v.forward(
    v.partialCheck(
      [['versioned'], ['bucketName'], ['bucketNames']],
      ({ versioned, bucketName, bucketNames }) => !versioned || (bucketName ?? bucketNames) === undefined,
      'is for a new bucket; the owner of an existing bucket decides about its versioning',
    ),
    ['versioned'],
  ),
  v.forward(
    v.partialCheck(
      [['bucketName'], ['bucketNames']],
      ({ bucketName, bucketNames }) => bucketName === undefined || bucketNames === undefined,
      'must not be used together with bucketName: add that bucket to the list',
    ),
    ['bucketNames'],
  ),
  v.forward(
    v.partialCheck(
      [['alarmEmail'], ['alarmTopicArn']],
      ({ alarmEmail, alarmTopicArn }) => alarmEmail === undefined || alarmTopicArn === undefined,
      'is for a new topic; subscribe the address to the existing topic',
    ),
    ['alarmEmail'],
  ),
);
export type RelayContext = v.InferOutput<typeof RelayContextSchema>;

/**
 * Reads the context key `relay`. The context keys `rocketChatUrl`, `room` and `bucketName` override its values; for a
 * single room they are enough.
 * @throws ConfigurationError that lists every fault
 */
export const readRelayContext = (contextValue: (key: string) => unknown): RelayContext => {
  const relay = parseJson(contextValue('relay') ?? {});
  if (typeof relay !== 'object' || relay === null || Array.isArray(relay)) {
    const allowed = 'must be an object; on the command line, write it as JSON';
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

/** Sets the room of the only route. If there are several routes, it is unclear which one is meant. */
const withRoom = (routes: unknown, room: unknown): unknown => {
  if (!Array.isArray(routes) || routes.length === 0) return [{ room }];
  if (routes.length > 1) {
    const allowed = `sets the room of a single route, but relay.routes has ${routes.length}: set the rooms there`;
    throw configurationError('relay', [{ place: '-c room', value: JSON.stringify(room), allowed }]);
  }
  return [{ ...routes[0], room }];
};
