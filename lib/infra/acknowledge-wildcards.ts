import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';

/** cdk-nag needs an acknowledgement for each wildcard, in which references are written as logical ids. */
export const acknowledgeWildcards = (role: Role, arns: readonly string[], reason: string): void => {
  const stack = Stack.of(role);
  Validations.of(role).acknowledge(
    ...arns.map((arn) => ({ id: `AwsSolutions-IAM5[Resource::${flatten(stack.resolve(arn))}]`, reason })),
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
