import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { LedgerTable } from '../../lambdas/relay/names.ts';

/** The table that remembers what was posted. Losing it means posting again whatever is delivered again. */
export const createLedgerTable = (scope: Construct, { removalPolicy }: { removalPolicy: RemovalPolicy }): Table =>
  new Table(scope, 'Ledger', {
    partitionKey: { name: LedgerTable.PartitionKey, type: AttributeType.STRING },
    sortKey: { name: LedgerTable.SortKey, type: AttributeType.STRING },
    timeToLiveAttribute: LedgerTable.TimeToLive,
    // Uploads come in bursts, then nothing for hours. DynamoDB encrypts every table at rest.
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
