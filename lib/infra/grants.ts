import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RocketChatRelay } from './rocket-chat-relay.ts';

/** What others may be allowed to do with a relay, each as the calls it takes and no more. */
export const grantUpload = (relay: RocketChatRelay, grantee: IGrantable, prefix: string): Grant => {
  const grant = Grant.addToPrincipal({
    grantee,
    // AbortMultipartUpload: the parts of an upload that failed cost money until somebody removes them.
    actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
    resourceArns: relay.buckets.map((bucket) => bucket.arnForObjects(`${prefix}*`)),
  });
  const keys = [...new Set(relay.buckets.flatMap(({ encryptionKey }) => encryptionKey ?? []))];
  // A multipart upload decrypts its own parts.
  return keys.reduce((all, key) => all.combine(grantKey(key, grantee, ['kms:GenerateDataKey', 'kms:Decrypt'])), grant);
};

export const grantRedrive = (relay: RocketChatRelay, grantee: IGrantable): Grant => {
  const { queue, deadLetterQueue } = relay;
  const from = Grant.addToPrincipal({
    grantee,
    // Those that StartMessageMoveTask needs of its caller (SQS Developer Guide, "Dead-letter queue redrive permissions").
    actions: [
      'sqs:StartMessageMoveTask',
      'sqs:ListMessageMoveTasks',
      'sqs:CancelMessageMoveTask',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
    ],
    resourceArns: [deadLetterQueue.queueArn],
  });
  const to = Grant.addToPrincipal({ grantee, actions: ['sqs:SendMessage'], resourceArns: [queue.queueArn] });
  const both = from.combine(to);
  const key = queue.encryptionMasterKey;
  return key === undefined ? both : both.combine(grantKey(key, grantee, ['kms:Decrypt', 'kms:GenerateDataKey']));
};

export const grantReadLedger = (relay: RocketChatRelay, grantee: IGrantable): Grant => {
  const grant = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:GetItem', 'dynamodb:Query'],
    resourceArns: [relay.table.tableArn],
  });
  const key = relay.table.encryptionKey;
  return key === undefined ? grant : grant.combine(grantKey(key, grantee, ['kms:Decrypt']));
};

/** By the grantee's policy alone: the policy of a key may belong to another stack. */
const grantKey = (key: IKey, grantee: IGrantable, actions: string[]): Grant =>
  Grant.addToPrincipal({ grantee, actions, resourceArns: [key.keyArn] });
