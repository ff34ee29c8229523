import { Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { SCAN_TAG } from '../../../lambdas/relay/domain/malware-scan.ts';
import { readsTags } from '../../../lambdas/relay/domain/needed-tags.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { acknowledgeWildcards } from '../acknowledge-wildcards.ts';
import type { RelayParts } from '../relay-parts.ts';
import { allowInterfaces } from './network.ts';
import { readableObjects } from './readable-objects.ts';

/** What the function uses. */
export interface FunctionResources
  extends Pick<RelayParts, 'buckets' | 'queue' | 'deadLetterQueue' | 'table' | 'secret' | 'logGroup'> {
  readonly settings: Pick<Settings, 'routes' | 'requireMalwareScan'>;
  /** The key of the resources that the construct creates. */
  readonly encryptionKey?: IKey | undefined;
  /** The keys of the given buckets and the given secret. */
  readonly decryptionKeys: readonly IKey[];
  readonly isInVpc: boolean;
  readonly isTraced: boolean;
}

/**
 * The function's role. It allows each call that the function makes, on the resource of that call only. CDK's `grant…`
 * methods allow more, so they are not used.
 */
export const createFunctionRole = (scope: Construct, resources: FunctionResources): Role => {
  const { buckets, queue, deadLetterQueue, table, secret, logGroup, encryptionKey } = resources;
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const allow = (actions: string[], ...arns: string[]): void => {
    role.addToPolicy(new PolicyStatement({ actions, resources: arns }));
  };
  const { settings } = resources;
  const objects = buckets.flatMap((bucket) => readableObjects(bucket, settings.routes));
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: objects,
      // S3 itself then refuses what GuardDuty has not found clean, also to links that the function has signed.
      ...(settings.requireMalwareScan === true && {
        conditions: { StringEquals: { [`s3:ExistingObjectTag/${SCAN_TAG}`]: 'NO_THREATS_FOUND' } },
      }),
    }),
  );
  const { requireMalwareScan, routes } = settings;
  const tagged = requireMalwareScan === true ? routes : routes.filter((route) => readsTags({ routes: [route] }));
  const taggedObjects = tagged.length === 0 ? [] : buckets.flatMap((bucket) => readableObjects(bucket, tagged));
  if (taggedObjects.length > 0) allow(['s3:GetObjectTagging', 's3:GetObjectVersionTagging'], ...taggedObjects);
  // Without s3:ListBucket, S3 answers 403 instead of 404 for a deleted object (API reference of GetObject,
  // "Permissions"), and the deleted object would be reported as a missing permission.
  allow(['s3:ListBucket'], ...buckets.map(({ bucketArn }) => bucketArn));
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:Query'], table.tableArn);
  allow(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    queue.queueArn,
  );
  allow(['sqs:SendMessage'], deadLetterQueue.queueArn);
  allow(['secretsmanager:GetSecretValue'], secret.secretArn);
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
  // SQS and DynamoDB encrypt with the function's permissions; objects and the secret are only decrypted.
  if (encryptionKey !== undefined) allow(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'], encryptionKey.keyArn);
  const readingKeys = resources.decryptionKeys.filter((key) => key !== encryptionKey);
  if (readingKeys.length > 0) allow(['kms:Decrypt'], ...readingKeys.map(({ keyArn }) => keyArn));
  if (resources.isInVpc) allowInterfaces(role);
  if (resources.isInVpc || resources.isTraced) acknowledgeAllResources(role);
  acknowledgeWildcards(
    role,
    [...new Set([...objects, ...taggedObjects])],
    'The keys of future objects are not known; read access is limited to the prefixes of the routes.',
  );
  return role;
};

const acknowledgeAllResources = (role: Role): void =>
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Network interfaces do not exist before Lambda creates them, and the EC2 Describe calls do not support resources; ' +
      "the function's own code is denied these calls. The X-Ray calls do not support resources.",
  });
