import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { LedgerTable } from '../../../lambdas/relay/names.ts';

/** The table that records what was posted. If it is lost, repeated events are posted again. */
export const createLedgerTable = (
  scope: Construct,
  { removalPolicy, encryptionKey }: { removalPolicy: RemovalPolicy; encryptionKey?: IKey | undefined },
): Table =>
  new Table(scope, 'Ledger', {
    partitionKey: { name: LedgerTable.PartitionKey, type: AttributeType.STRING },
    sortKey: { name: LedgerTable.SortKey, type: AttributeType.STRING },
    timeToLiveAttribute: LedgerTable.TimeToLive,
    // On demand, because uploads come in bursts. DynamoDB encrypts every table at rest.
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey !== undefined && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    // A failed first deployment leaves the table behind: with RetainExceptOnCreate, CloudFormation would try to delete the
    // protected table, and the rollback would fail as well.
    removalPolicy: removalPolicy === RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE ? RemovalPolicy.RETAIN : removalPolicy,
  });
