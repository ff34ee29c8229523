import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import type { RelayParts } from '../relay-parts.ts';
import { allowInterfaces } from './network.ts';
import { needsTags, readableObjects } from './readable-objects.ts';

/** What the function uses. */
export interface FunctionResources
  extends Pick<RelayParts, 'buckets' | 'queue' | 'deadLetterQueue' | 'table' | 'secret' | 'logGroup'> {
  readonly routes: readonly Route[];
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
  const objects = buckets.flatMap((bucket) => readableObjects(bucket, resources.routes));
  allow(['s3:GetObject', 's3:GetObjectVersion'], ...objects);
  const tagged = resources.routes.filter(needsTags);
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
  acknowledgeObjectPatterns(role, [...new Set([...objects, ...taggedObjects])]);
  return role;
};

/** cdk-nag needs an acknowledgement for each wildcard, in which references are written as logical ids. */
const acknowledgeObjectPatterns = (role: Role, arns: readonly string[]): void => {
  const stack = Stack.of(role);
  Validations.of(role).acknowledge(
    ...arns.map((arn) => ({
      id: `AwsSolutions-IAM5[Resource::${flatten(stack.resolve(arn))}]`,
      reason: 'The keys of future objects are not known; read access is limited to the prefixes of the routes.',
    })),
  );
};

const acknowledgeAllResources = (role: Role): void =>
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Network interfaces do not exist before Lambda creates them, and the EC2 Describe calls do not support resources; ' +
      "the function's own code is denied these calls. The X-Ray calls do not support resources.",
  });

const flatten = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const node = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (node.Ref !== undefined) return `<${node.Ref}>`;
  if (node['Fn::GetAtt'] !== undefined) return `<${node['Fn::GetAtt'].join('.')}>`;
  const [delimiter, parts] = node['Fn::Join'] ?? ['', []];
  return parts.map(flatten).join(delimiter);
};
