import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/**
 * Allows the AWS services that act for the relay to use the key. The policy of an imported key is not changed.
 *
 * The statements have no conditions, like those in AWS's documentation (S3 and EventBridge user guides, "encrypted
 * queues"; re:Post, "alarms and encrypted topics"), because not every service sends its source. The policies of the queue
 * and the topic restrict what the services may send.
 */
export const allowServices = (key: IKey): void => {
  for (const statement of keyStatements()) key.addToResourcePolicy(new PolicyStatement(statement), true);
};

/** The service that sends a message to an encrypted queue or topic needs these permissions itself. */
const keyStatements = () => [
  {
    sid: 'UploadsToTheQueueAndAlarmsToTheTopic',
    // S3 and EventBridge, because a deployment that changes between them needs both.
    principals: ['s3', 'events', 'cloudwatch'].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
    actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
    resources: ['*'],
  },
  {
    sid: 'LogGroup',
    principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
    // From the CloudWatch Logs user guide ("Encrypt log data using AWS KMS").
    actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*`,
      },
    },
  },
];
