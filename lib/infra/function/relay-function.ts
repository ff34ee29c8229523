import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, EventSourceMapping, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { Env, OptionalEnv } from '../../../lambdas/relay/names.ts';
import type { RelayParts } from '../relay-parts.ts';
import type { RocketChatRelayProps } from '../relay-props.ts';
import { BUNDLE_HANDLER } from './bundle.ts';
import { CA_FILE_ON_LAMBDA, relayCode } from './function-code.ts';
import { createFunctionRole } from './function-role.ts';
import { createNetwork } from './network.ts';

export const FUNCTION_TIMEOUT = Duration.minutes(15);
export const DEFAULT_MEMORY_MB = 256;

/** Props of the relay, after `checkProps`. */
export interface RelayFunctionProps
  extends Pick<
    RocketChatRelayProps,
    'rocketChatUrl' | 'certificateAuthority' | 'proxyUrl' | 'network' | 'memorySizeMb' | 'maxConcurrency' | 'tracing'
  > {
  readonly settings: Settings;
  readonly encryptionKey: IKey | undefined;
  readonly decryptionKeys: readonly IKey[];
}

/** The function, its role, and the event source mapping from the uploads queue. */
export const createRelayFunction = (
  relay: Omit<RelayParts, 'function'>,
  props: RelayFunctionProps,
): { function: LambdaFunction; mapping: EventSourceMapping } => {
  const { settings, rocketChatUrl, certificateAuthority, proxyUrl, network, encryptionKey, decryptionKeys } = props;
  const role = createFunctionRole(relay, {
    buckets: relay.buckets,
    queue: relay.queue,
    deadLetterQueue: relay.deadLetterQueue,
    table: relay.table,
    secret: relay.secret,
    logGroup: relay.logGroup,
    routes: settings.routes,
    encryptionKey,
    decryptionKeys,
    isInVpc: network !== undefined,
    isTraced: props.tracing === true,
  });
  const relayFunction = new LambdaFunction(relay, 'Function', {
    description: 'Posts new S3 objects as files to Rocket.Chat rooms',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: BUNDLE_HANDLER,
    code: relayCode(settings, certificateAuthority === undefined ? {} : { certificateAuthority }),
    memorySize: props.memorySizeMb ?? DEFAULT_MEMORY_MB,
    timeout: FUNCTION_TIMEOUT,
    role,
    logGroup: relay.logGroup,
    ...(props.tracing === true && { tracing: Tracing.ACTIVE }),
    ...(network !== undefined &&
      createNetwork(relay, network, { urls: [rocketChatUrl, ...(proxyUrl === undefined ? [] : [proxyUrl])] })),
    environment: {
      [Env.RocketChatUrl]: rocketChatUrl,
      [Env.SecretId]: relay.secret.secretArn,
      [Env.LedgerTable]: relay.table.tableName,
      [Env.QueueUrl]: relay.queue.queueUrl,
      [Env.DeadLetterQueueUrl]: relay.deadLetterQueue.queueUrl,
      [Env.BucketNames]: relay.buckets.map(({ bucketName }) => bucketName).join(','),
      [Env.MaxReceiveCount]: String(relay.queue.deadLetterQueue?.maxReceiveCount),
      ...(proxyUrl !== undefined && { [OptionalEnv.RocketChatProxyUrl]: proxyUrl }),
      ...(props.tracing === true && { [OptionalEnv.Tracing]: '1' }),
      // Node.js reads this file when it starts.
      ...(certificateAuthority !== undefined && { NODE_EXTRA_CA_CERTS: CA_FILE_ON_LAMBDA }),
      // The `service` dimension of the metrics; it separates the relays of one account.
      POWERTOOLS_SERVICE_NAME: relay.serviceName,
    },
  });
  // Reserved concurrency would throttle the pollers' invocations, and each throttle uses up a receive of the message.
  const mapping = new EventSourceMapping(relay, 'UploadsMapping', {
    target: relayFunction,
    eventSourceArn: relay.queue.queueArn,
    batchSize: 10,
    maxConcurrency: props.maxConcurrency ?? 2,
    reportBatchItemFailures: true,
  });
  // Lambda refuses to create the mapping before the function has the permission to receive from the queue.
  mapping.node.addDependency(role);
  return { function: relayFunction, mapping };
};
