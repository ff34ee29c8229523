import * as v from 'valibot';
import { settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { alarmEmailSchema } from '../monitoring/alarm-topic.ts';
import { checkConfiguration } from './check-configuration.ts';
import { resourceEntries } from './check-props.ts';
import { configurationError } from './configuration-error.ts';
import {
  bucketNameSchema,
  certificateFileSchema,
  keyArnSchema,
  logRetentionSchema,
  secretArnSchema,
  stackNameSchema,
  topicArnSchema,
  vpcSchema,
} from './context-values.ts';
import { proxyUrlSchema } from './proxy-url.ts';
import { rocketChatUrlSchema } from './rocket-chat-url.ts';

const onOff = v.boolean('must be true or false');

const entries = {
  /** Base URL of the Rocket.Chat server. */
  rocketChatUrl: rocketChatUrlSchema,
  ...settingsEntries,
  /** An existing bucket, in the region of the stack. @default a new one */
  bucketName: v.optional(bucketNameSchema),
  /** Several of them. */
  bucketNames: v.optional(
    v.pipe(v.array(bucketNameSchema, 'must be a list of buckets'), v.nonEmpty('must name at least one bucket')),
  ),
  /** Hears of uploads through EventBridge instead of the bucket's notifications. */
  eventBridge: v.optional(onOff, false),
  /** Keeps older versions of objects in the new bucket. */
  versioned: v.optional(onOff, false),
  /** An existing secret with `{"userId","authToken"}`. @default a new one, to be filled after the first deployment */
  secretArn: v.optional(secretArnSchema),
  /** A key of one's own for what the stack creates. */
  encryptionKeyArn: v.optional(keyArnSchema),
  /** Keys that the existing buckets and the existing secret are encrypted with. */
  decryptionKeyArns: v.optional(v.array(keyArnSchema, 'must be a list of keys')),
  /** Where the function runs. @default outside of any VPC */
  vpc: v.optional(vpcSchema),
  /** A file of certificates in PEM, from the folder of `cdk.json`. */
  certificateAuthorityFile: v.optional(certificateFileSchema),
  /** The proxy to the chat server. */
  proxyUrl: v.optional(proxyUrlSchema),
  /** Name of the stack: a second relay in one account and region needs another. */
  stackName: v.optional(stackNameSchema, 'RocketChatRelay'),
  ...resourceEntries,
  /** Function instances that work through the queue at the same time. */
  maxConcurrency: v.optional(resourceEntries.maxConcurrency.wrapped, 2),
  /** Memory of the function. */
  memorySizeMb: v.optional(resourceEntries.memorySizeMb.wrapped, 256),
  /** Traces with X-Ray. */
  tracing: v.optional(onOff, false),
  /** Where alarms are sent. @default a new topic */
  alarmTopicArn: v.optional(topicArnSchema),
  /** An address that the new topic sends to. */
  alarmEmail: v.optional(alarmEmailSchema),
  /** How late a file may be while the chat server limits the rate. */
  backlogAlarmAfterHours: v.optional(resourceEntries.backlogAlarmAfterHours.wrapped, 24),
  /** A CloudWatch dashboard. */
  dashboard: v.optional(onOff, true),
  /** How long the function's log is kept. */
  logRetentionDays: v.optional(logRetentionSchema, 90),
};

/** Everything the context key `relay` may hold; `docs/configuration.md` explains it to operators. */
export const RelayContextSchema = v.pipe(
  v.strictObject(entries),
  v.forward(
    v.check(
      ({ bucketName, bucketNames }) => bucketName === undefined || bucketNames === undefined,
      'must not stand beside bucketName: put that one into the list',
    ),
    ['bucketNames'],
  ),
  v.forward(
    v.check(
      ({ versioned, bucketName, bucketNames }) => !versioned || (bucketName ?? bucketNames) === undefined,
      'is for a new bucket; an existing one is versioned by whoever owns it',
    ),
    ['versioned'],
  ),
  v.forward(
    v.check(
      ({ alarmEmail, alarmTopicArn }) => alarmEmail === undefined || alarmTopicArn === undefined,
      'is for a new topic; subscribe the address to the existing one',
    ),
    ['alarmEmail'],
  ),
);
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
