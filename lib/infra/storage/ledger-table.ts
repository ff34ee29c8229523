import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { LedgerTable } from '../../../lambdas/relay/names.ts';

/** The table that remembers what was posted. Losing it means posting again whatever is delivered again. */
export const createLedgerTable = (
  scope: Construct,
  { removalPolicy, encryptionKey }: { removalPolicy: RemovalPolicy; encryptionKey?: IKey | undefined },
): Table =>
  new Table(scope, 'Ledger', {
    partitionKey: { name: LedgerTable.PartitionKey, type: AttributeType.STRING },
    sortKey: { name: LedgerTable.SortKey, type: AttributeType.STRING },
    timeToLiveAttribute: LedgerTable.TimeToLive,
    // Uploads come in bursts, then nothing for hours. DynamoDB encrypts every table at rest.
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey !== undefined && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
