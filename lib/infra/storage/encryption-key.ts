import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/**
 * Lets the services use the key for what the relay has them do. The policy of an imported key stays as it is.
 *
 * Without conditions, as AWS itself gives them (S3 and EventBridge user guides, "encrypted queues"; re:Post, "alarms and
 * encrypted topics"): not every service says for whom it asks. What they may send stands in the policies of queue and topic.
 */
export const allowServices = (
  key: IKey,
  { notifier }: { notifier: 's3.amazonaws.com' | 'events.amazonaws.com' },
): void => {
  for (const statement of keyStatements(notifier)) key.addToResourcePolicy(new PolicyStatement(statement), true);
};

/** Messages that a service sends to the queue or the topic are encrypted in its name. */
const keyStatements = (notifier: string) => [
  {
    sid: 'UploadsToTheQueueAndAlarmsToTheTopic',
    principals: [new ServicePrincipal(notifier), new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
    resources: ['*'],
  },
  {
    sid: 'LogGroup',
    principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
    // As CloudWatch Logs' user guide lists them ("Encrypt log data using AWS KMS").
    actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*`,
      },
    },
  },
];
