import { Names, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { EventSourceMapping, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { checkProps } from './config/check-props.ts';
import { warnOfLoops } from './config/loop-warning.ts';
import { warnOfUnreachableRoutes } from './config/unreachable-routes.ts';
import { createRelayFunction, DEFAULT_MEMORY_MB, FUNCTION_TIMEOUT } from './function/relay-function.ts';
import { grantReadLedger, grantRedrive, grantUpload } from './grants.ts';
import { createAlarmTopic } from './monitoring/alarm-topic.ts';
import { type AlarmName, createAlarms, RUNBOOK_URL } from './monitoring/alarms.ts';
import { createDashboard } from './monitoring/dashboard.ts';
import { createLogQueries } from './monitoring/log-queries.ts';
import { RelayMetrics } from './monitoring/relay-metrics.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RocketChatRelayProps } from './relay-props.ts';
import { allowServices } from './storage/encryption-key.ts';
import { createLedgerTable } from './storage/ledger-table.ts';
import { scanUploads } from './storage/malware-scan.ts';
import { notificationFilters } from './storage/notification-filters.ts';
import { allowSenders } from './storage/queue-senders.ts';
import { createUploadsBucket, notifyOfUploads } from './storage/uploads-bucket.ts';
import { forwardUploads } from './storage/uploads-events.ts';
import { createQueues } from './storage/uploads-queues.ts';

/**
 * Posts every object uploaded to S3 buckets as a file message to a Rocket.Chat room. Each object is posted once, and none is
 * lost; `docs/guarantee.md` states both promises exactly.
 *
 * @example
 * new RocketChatRelay(this, 'Relay', {
 *   rocketChatUrl: 'https://chat.example.com',
 *   routes: [{ prefix: 'invoices/', room: '#accounting' }, { room: '#uploads' }],
 * });
 */
export class RocketChatRelay extends RelayMetrics implements RelayParts {
  /** The watched buckets: those given in the props, or the new one. */
  readonly buckets: readonly IBucket[];
  /** The queue of the uploads that are not posted yet. */
  readonly queue: Queue;
  /** Uploads that could not be posted, each with its reason. */
  readonly deadLetterQueue: Queue;
  /** The ledger, which records what was posted. */
  readonly table: Table;
  readonly secret: ISecret;
  readonly logGroup: LogGroup;
  readonly function: LambdaFunction;
  /** Invokes the function with messages of the queue. */
  readonly eventSourceMapping: EventSourceMapping;
  /** The topic that receives the alarms. */
  readonly alarmTopic: ITopic;
  /** The alarms by name; `NothingPosted` exists only if `quietAlarmAfterHours` is set, `MalwareFound` only with `requireMalwareScan`. */
  readonly alarms: Readonly<Partial<Record<AlarmName, Alarm>>>;
  readonly dashboard: Dashboard | undefined;
  readonly serviceName: string;

  /** @throws ConfigurationError that lists every invalid setting */
  constructor(scope: Construct, id: string, props: RocketChatRelayProps) {
    super(scope, id);
    const { settings, ...checked } = checkProps(props);
    const {
      removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      encryptionKey,
      eventBridge = false,
      runbookUrl = RUNBOOK_URL,
    } = props;
    this.serviceName = Names.uniqueResourceName(this, { maxLength: 60, separator: '-' });

    this.table = createLedgerTable(this, { removalPolicy, encryptionKey });
    const queues = createQueues(this, { ...settings, functionTimeout: FUNCTION_TIMEOUT, encryptionKey });
    this.queue = queues.queue;
    this.deadLetterQueue = queues.deadLetterQueue;
    const versioned = props.versioned ?? false;
    const given = props.buckets ?? [];
    const isScanned = settings.requireMalwareScan === true;
    // GuardDuty learns of new objects from EventBridge.
    const ownBucket = { removalPolicy, versioned, eventBridge: eventBridge || isScanned, encryptionKey };
    this.buckets = given.length > 0 ? given : [createUploadsBucket(this, ownBucket)];
    this.receiveUploads(eventBridge, settings.routes);
    if (isScanned && given.length === 0) scanUploads(this, this.bucket, encryptionKey);
    this.secret = props.secret ?? this.createSecret(encryptionKey);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy,
      ...(encryptionKey !== undefined && { encryptionKey }),
    });
    if (encryptionKey !== undefined) allowServices(encryptionKey);

    const { function: relayFunction, mapping } = createRelayFunction(this, {
      ...props,
      ...checked,
      settings,
      encryptionKey,
      decryptionKeys: this.decryptionKeys(props.decryptionKeys ?? []),
    });
    this.function = relayFunction;
    this.eventSourceMapping = mapping;
    this.alarmTopic = props.alarmTopic ?? createAlarmTopic(this, { email: props.alarmEmail, encryptionKey });
    this.alarms = createAlarms(this, {
      topic: this.alarmTopic,
      functionTimeout: FUNCTION_TIMEOUT,
      backlogAlarmAfterHours: props.backlogAlarmAfterHours ?? 24,
      quietAlarmAfterHours: props.quietAlarmAfterHours,
      requireMalwareScan: isScanned,
      runbookUrl,
    });
    this.dashboard =
      props.dashboard === false
        ? undefined
        : createDashboard(this, {
            alarms: Object.values(this.alarms),
            memorySizeMb: props.memorySizeMb ?? DEFAULT_MEMORY_MB,
            runbookUrl,
          });
    createLogQueries(this, this.logGroup);
    warnOfLoops(this, { buckets: given, routes: settings.routes });
    warnOfUnreachableRoutes(this, settings.routes);
  }

  /** The first watched bucket. */
  get bucket(): IBucket {
    return this.buckets[0] as IBucket;
  }

  /**
   * Allows uploading objects whose keys begin with `prefix`, with the KMS keys that the buckets need.
   * @param prefix @default '' (any key)
   */
  grantUpload(grantee: IGrantable, prefix = ''): Grant {
    return grantUpload(this, grantee, prefix);
  }

  /**
   * Allows sending dead letters back to the uploads queue, as described in `docs/operating.md`: with `relay redrive`,
   * `relay discard` and `relay dead-letters`, in SQS's console, or with the AWS CLI.
   */
  grantRedrive(grantee: IGrantable): Grant {
    return grantRedrive(this, grantee);
  }

  /** Allows reading the ledger. */
  grantReadLedger(grantee: IGrantable): Grant {
    return grantReadLedger(this, grantee);
  }

  private receiveUploads(eventBridge: boolean, routes: Parameters<typeof notificationFilters>[0]): void {
    const { buckets, queue, deadLetterQueue } = this;
    const filters = notificationFilters(routes);
    // A fixed name, so that the policies of the queues can name the rule whether it exists or not.
    const ruleName = `${Names.uniqueResourceName(this, { maxLength: 56, separator: '-' })}-uploads`;
    const ruleArn = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: ruleName });
    allowSenders({ queue, deadLetterQueue }, { buckets, ruleArn });
    if (eventBridge) forwardUploads(this, this.buckets, { ruleName, queue, deadLetterQueue, filters });
    else notifyOfUploads(this.buckets, { queue, filters });
  }

  /** The given keys, and the keys that the bucket and secret constructs know. */
  private decryptionKeys(named: readonly IKey[]): IKey[] {
    const known = [...this.buckets, this.secret].flatMap(({ encryptionKey }) => encryptionKey ?? []);
    return [...new Set([...named, ...known])];
  }

  /** The secret holds a random placeholder until the operator stores the token, so the template contains no secret. */
  private createSecret(encryptionKey: IKey | undefined): ISecret {
    const secret = new Secret(this, 'Token', {
      description: 'Rocket.Chat personal access token for the relay: {"userId":"...","authToken":"..."}',
      ...(encryptionKey !== undefined && { encryptionKey }),
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'In Rocket.Chat only the user can create a personal access token, with a second factor, so a rotation function ' +
        'cannot. The operator stores a new token; the function reads it when the old one is refused.',
    });
    return secret as ISecret;
  }
}
