import type { RemovalPolicy } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { RelaySettings } from './config/relay-settings.ts';

/** Routes and patience (`RelaySettings`), and what the relay works with. */
export interface RocketChatRelayProps extends RelaySettings {
  /**
   * Base URL of the Rocket.Chat server: https, without credentials or query; http for a loopback address only. It may
   * hold a token of CloudFormation, which then is not checked.
   */
  readonly rocketChatUrl: string;

  /**
   * The buckets to watch, all in the stack's account and region. A bucket of another stack of the same app needs
   * `eventBridge`: a notification would make the two stacks depend on each other.
   * @default one new, private bucket
   */
  readonly buckets?: readonly IBucket[] | undefined;
  /**
   * Hears of uploads through Amazon EventBridge and leaves the buckets' notification configuration alone, because it
   * belongs to somebody else or another stack. A bucket that exists must have EventBridge switched on by its owner.
   * @default false: S3 notifies the queue itself
   */
  readonly eventBridge?: boolean | undefined;
  /** Keeps older versions of objects in the new bucket. Each version is posted. @default false */
  readonly versioned?: boolean | undefined;

  /** The secret that holds `{"userId","authToken"}`. @default a new one, to be filled after the first deployment */
  readonly secret?: ISecret | undefined;

  /**
   * A key of one's own for all that is created here: bucket, queues, ledger, secret, log and alarm topic. A key that was
   * imported must allow the services by its own policy; `docs/configuration.md` has the statements.
   * @default keys that AWS owns, without cost
   */
  readonly encryptionKey?: IKey | undefined;
  /**
   * Keys with which given buckets and a given secret are encrypted, where those don't know it themselves, being imported
   * by name: the function may decrypt with them.
   * @default none
   */
  readonly decryptionKeys?: readonly IKey[] | undefined;

  /** A network of one's own for the function. @default none: it reaches the public Internet and nothing private */
  readonly network?: RelayNetwork | undefined;
  /**
   * Certificates in PEM of an authority of one's own, which the chat server's (or the proxy's) certificate may be signed
   * by besides the well-known ones.
   * @default none
   */
  readonly certificateAuthority?: string | undefined;
  /**
   * URL of an HTTP proxy through which the chat server is reached, such as `http://proxy.example.com:3128`. AWS is
   * reached without it.
   * @default none
   */
  readonly proxyUrl?: string | undefined;

  /** Function instances that work through the queue at the same time; SQS allows 2 to 1000. @default 2 */
  readonly maxConcurrency?: number | undefined;
  /** Memory of the function in MB; 256 suffices for files of any size, more buys CPU. @default 256 */
  readonly memorySizeMb?: number | undefined;
  /** Traces with AWS X-Ray. @default false */
  readonly tracing?: boolean | undefined;

  /** Where alarms are sent. @default a new topic, the property `alarmTopic` */
  readonly alarmTopic?: ITopic | undefined;
  /** An address that the new topic sends to, once its owner has confirmed the first mail. @default none */
  readonly alarmEmail?: string | undefined;
  /** Alarms if nothing was posted for so many hours, 1 to 168; for buckets that never rest. @default no such alarm */
  readonly quietAlarmAfterHours?: number | undefined;
  /**
   * While the chat server limits the rate: how late a file may be, waiting included, before that is an alarm. Without a
   * limit it is an alarm after one hour.
   * @default 24
   */
  readonly backlogAlarmAfterHours?: number | undefined;
  /** A CloudWatch dashboard (three of an account are free). @default true */
  readonly dashboard?: boolean | undefined;

  /** How long the function's log is kept. @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
  /**
   * What becomes of the new bucket, the ledger and the log when they leave the stack, and of a table, bucket or log that
   * an update would replace.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy | undefined;
}

/** Where the function runs in a VPC. Its subnets need a way to the chat server, through a NAT gateway if that is public. */
export interface RelayNetwork {
  readonly vpc: IVpc;
  /** @default private subnets with a way out, else isolated ones */
  readonly subnets?: SubnetSelection | undefined;
  /** @default a new one, out of which nothing goes but to the ports of the chat server, the proxy and AWS */
  readonly securityGroups?: readonly ISecurityGroup[] | undefined;
  /**
   * Makes the endpoints through which the function reaches S3 and DynamoDB (gateways, free) and SQS and Secrets Manager
   * (interfaces, charged by the hour). Needed in subnets without a way to the Internet. A VPC has room for each only once.
   * @default false
   */
  readonly createEndpoints?: boolean | undefined;
}
