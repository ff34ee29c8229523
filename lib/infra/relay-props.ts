import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { RelayNetwork } from './config/relay-network.ts';
import type { RelaySettings } from './config/relay-settings.ts';

/** Routes and limits (`RelaySettings`), and the resources that the relay uses. */
export interface RocketChatRelayProps extends RelaySettings {
  /**
   * Base URL of the Rocket.Chat server: https (http for a loopback address only), without credentials and query. A URL
   * that contains a CDK token is not checked.
   */
  readonly rocketChatUrl: string;

  /**
   * The buckets to watch, all in the stack's account and region. A bucket of another stack in the same app needs
   * `eventBridge`, because a notification would make the two stacks depend on each other.
   * @default a new private bucket
   */
  readonly buckets?: readonly IBucket[] | undefined;
  /**
   * Receives events through Amazon EventBridge and does not change the buckets' notification configuration, for example
   * because another stack manages it. The owner of an existing bucket must turn on EventBridge for it.
   * @default false: S3 sends its notifications to the queue
   */
  readonly eventBridge?: boolean | undefined;
  /** Turns on versioning for the new bucket. Each version of an object is posted. @default false */
  readonly versioned?: boolean | undefined;

  /** The secret that holds `{"userId","authToken"}`. @default a new secret, filled after the first deployment */
  readonly secret?: ISecret | undefined;

  /**
   * A KMS key that encrypts everything the construct creates: bucket, queues, ledger, secret, log and alarm topic. The
   * policy of an imported key must allow the AWS services; `docs/configuration.md` lists the statements.
   * @default keys owned by AWS, free of charge
   */
  readonly encryptionKey?: IKey | undefined;
  /**
   * KMS keys that encrypt the given buckets and the given secret. Needed for resources imported by name, which do not
   * know their key. The function may decrypt with them.
   * @default none
   */
  readonly decryptionKeys?: readonly IKey[] | undefined;

  /** The VPC in which the function runs. @default none: the function reaches the Internet, but no private network */
  readonly network?: RelayNetwork | undefined;
  /**
   * Certificates (PEM) of a private certificate authority that signs the chat server's or the proxy's certificate. They
   * are trusted in addition to the authorities that Node.js trusts.
   * @default none
   */
  readonly certificateAuthority?: string | undefined;
  /**
   * URL of an HTTP proxy for the calls to the chat server, such as `http://proxy.example.com:3128`. Calls to AWS do not
   * use it.
   * @default none
   */
  readonly proxyUrl?: string | undefined;

  /** Function instances that run at the same time, 2 to 1000. @default 2 */
  readonly maxConcurrency?: number | undefined;
  /** Memory of the function in MB. 256 is enough for files of any size; more memory gives more CPU. @default 256 */
  readonly memorySizeMb?: number | undefined;
  /** Turns on AWS X-Ray. @default false */
  readonly tracing?: boolean | undefined;

  /** The topic that alarms are sent to. @default a new topic, see the property `alarmTopic` */
  readonly alarmTopic?: ITopic | undefined;
  /** E-mail address to subscribe to the new topic; its owner must confirm the subscription. @default none */
  readonly alarmEmail?: string | undefined;
  /** Alarms if nothing was posted for this many hours, 1 to 168; for buckets with steady uploads. @default no such alarm */
  readonly quietAlarmAfterHours?: number | undefined;
  /**
   * Under a rate limit of the chat server: the delay of a file in hours, waiting included, that raises the alarm
   * `BacklogTooOld`. Without a limit, the alarm is raised after one hour.
   * @default 24
   */
  readonly backlogAlarmAfterHours?: number | undefined;
  /**
   * URL of a page that has the sections of `docs/operating.md`. Each alarm's text links to its section, as
   * `<runbookUrl>#deadletters`.
   * @default `docs/operating.md` of the published package
   */
  readonly runbookUrl?: string | undefined;
  /** Creates a CloudWatch dashboard (three dashboards of an account are free). @default true */
  readonly dashboard?: boolean | undefined;

  /** Retention of the function's log. @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
  /**
   * What happens to the new bucket, the ledger and the log when they are removed from the stack or replaced by an
   * update. With the default they are kept, except that the bucket and the log are deleted if the first deployment fails.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy | undefined;
}
