import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RelayParts } from './relay-parts.ts';

// Permissions for other principals. Each grant allows only the calls that its task needs.

export const grantUpload = (relay: Pick<RelayParts, 'buckets'>, grantee: IGrantable, prefix: string): Grant => {
  const grant = Grant.addToPrincipal({
    grantee,
    // AbortMultipartUpload, because the parts of a failed multipart upload are charged until they are removed.
    actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
    resourceArns: relay.buckets.map((bucket) => bucket.arnForObjects(`${prefix}*`)),
  });
  const keys = [...new Set(relay.buckets.flatMap(({ encryptionKey }) => encryptionKey ?? []))];
  // A multipart upload to an encrypted bucket needs kms:Decrypt for its own parts.
  return keys.reduce((all, key) => all.combine(grantKey(key, grantee, ['kms:GenerateDataKey', 'kms:Decrypt'])), grant);
};

export const grantRedrive = (
  relay: Pick<RelayParts, 'queue' | 'deadLetterQueue' | 'table'>,
  grantee: IGrantable,
): Grant => {
  const { queue, deadLetterQueue, table } = relay;
  const from = Grant.addToPrincipal({
    grantee,
    // The caller of StartMessageMoveTask needs these permissions (SQS Developer Guide, "Dead-letter queue redrive permissions").
    actions: [
      'sqs:StartMessageMoveTask',
      'sqs:ListMessageMoveTasks',
      'sqs:CancelMessageMoveTask',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      // `relay redrive` makes the letters visible that it has looked at.
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
    ],
    resourceArns: [deadLetterQueue.queueArn],
  });
  const to = Grant.addToPrincipal({ grantee, actions: ['sqs:SendMessage'], resourceArns: [queue.queueArn] });
  const all = [from, to, grantRenewRetries(table, grantee), grantFindStack(Stack.of(queue), grantee)];
  const queueKey = queue.encryptionMasterKey;
  if (queueKey !== undefined) all.push(grantKey(queueKey, grantee, ['kms:Decrypt', 'kms:GenerateDataKey']));
  return all.reduce((one, other) => one.combine(other));
};

export const grantReadLedger = (relay: Pick<RelayParts, 'table'>, grantee: IGrantable): Grant => {
  const grant = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:GetItem', 'dynamodb:Query'],
    resourceArns: [relay.table.tableArn],
  });
  const key = relay.table.encryptionKey;
  return key === undefined ? grant : grant.combine(grantKey(key, grantee, ['kms:Decrypt']));
};

/** `relay redrive` resets the retries of the letters that SQS moved itself. */
const grantRenewRetries = (table: RelayParts['table'], grantee: IGrantable): Grant => {
  const actions = ['dynamodb:Query', 'dynamodb:UpdateItem'];
  const grant = Grant.addToPrincipal({ grantee, actions, resourceArns: [table.tableArn] });
  const key = table.encryptionKey;
  return key === undefined ? grant : grant.combine(grantKey(key, grantee, ['kms:Decrypt']));
};

/** The command `relay` reads the names of queues and table, and the settings, from the stack. */
const grantFindStack = (stack: Stack, grantee: IGrantable): Grant =>
  Grant.addToPrincipal({
    grantee,
    actions: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplateSummary'],
    resourceArns: [
      stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${stack.stackName}/*` }),
    ],
  });

/** Adds the statement to the grantee's policy only, because the key and its policy may belong to another stack. */
const grantKey = (key: IKey, grantee: IGrantable, actions: string[]): Grant =>
  Grant.addToPrincipal({ grantee, actions, resourceArns: [key.keyArn] });
