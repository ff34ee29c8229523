import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { readableObjects } from './readable-objects.ts';
import type { RocketChatRelay } from './rocket-chat-relay.ts';

/** What the function works with. */
export type FunctionResources = Pick<
  RocketChatRelay,
  'bucket' | 'queue' | 'deadLetterQueue' | 'table' | 'secret' | 'logGroup'
>;

/**
 * The function's role: each call that it makes, on the one resource it makes it on. CDK's `grant…` methods allow more
 * than these calls, so none of them is used.
 */
export const createFunctionRole = (
  scope: Construct,
  resources: FunctionResources,
  routes: readonly { prefix?: string | undefined }[],
): Role => {
  const { bucket, queue, deadLetterQueue, table, secret, logGroup } = resources;
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const allow = (actions: string[], ...arns: string[]): void => {
    role.addToPolicy(new PolicyStatement({ actions, resources: arns }));
  };
  const objects = readableObjects(bucket, routes);
  allow(['s3:GetObject', 's3:GetObjectVersion'], ...objects);
  // Without it S3 answers 403 instead of 404 for an object that is gone (API reference of GetObject, "Permissions"),
  // and a deleted upload would look like a missing permission.
  allow(['s3:ListBucket'], bucket.bucketArn);
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:Query'], table.tableArn);
  allow(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    queue.queueArn,
  );
  allow(['sqs:SendMessage'], deadLetterQueue.queueArn);
  allow(['secretsmanager:GetSecretValue'], secret.secretArn);
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
  acknowledgeObjectPatterns(role, objects);
  return role;
};

/** cdk-nag wants each wildcard acknowledged by itself, and names references by their logical id. */
const acknowledgeObjectPatterns = (role: Role, arns: readonly string[]): void => {
  const stack = Stack.of(role);
  Validations.of(role).acknowledge(
    ...arns.map((arn) => ({
      id: `AwsSolutions-IAM5[Resource::${flatten(stack.resolve(arn))}]`,
      reason: 'The keys of objects to come are not known; read access is limited to the prefixes of the routes.',
    })),
  );
};

const flatten = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const node = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (node.Ref !== undefined) return `<${node.Ref}>`;
  if (node['Fn::GetAtt'] !== undefined) return `<${node['Fn::GetAtt'].join('.')}>`;
  const [delimiter, parts] = node['Fn::Join'] ?? ['', []];
  return parts.map(flatten).join(delimiter);
};
