import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { RelayMetrics } from './monitoring/relay-metrics.ts';

/**
 * The properties of the relay that its parts may use: the function, the grants, the alarms and the dashboard. It is also
 * the construct in which they create their resources, and it has a method for each metric.
 */
export interface RelayParts extends RelayMetrics {
  /** All watched buckets, at least one. */
  readonly buckets: readonly IBucket[];
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** The ledger. */
  readonly table: Table;
  readonly secret: ISecret;
  readonly logGroup: LogGroup;
  readonly function: LambdaFunction;
}
