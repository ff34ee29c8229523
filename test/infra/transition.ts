import type { Template } from 'aws-cdk-lib/assertions';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}
type Resources = Readonly<Record<string, Resource>>;

export interface Step {
  /** A replacement is an `add` and, in the cleanup, a `remove` of the same id. `keep` leaves the resource behind. */
  readonly kind: 'add' | 'update' | 'replace' | 'remove' | 'keep';
  readonly id: string;
  readonly type: string;
}

/** Properties whose change replaces a resource (CloudFormation resource reference, "Update requires: Replacement"). */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudWatch::Alarm': ['AlarmName'],
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema'],
  'AWS::EC2::SecurityGroup': ['GroupDescription', 'GroupName', 'VpcId'],
  'AWS::EC2::VPCEndpoint': ['ServiceName', 'VpcEndpointType', 'VpcId'],
  'AWS::Events::Rule': ['Name', 'EventBusName'],
  'AWS::IAM::Policy': [],
  'AWS::IAM::Role': ['RoleName', 'Path'],
  'AWS::Lambda::EventSourceMapping': ['EventSourceArn'],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::Logs::QueryDefinition': [],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::S3::BucketPolicy': ['Bucket'],
  'AWS::SecretsManager::Secret': ['Name'],
  'AWS::SNS::Subscription': ['Endpoint', 'Protocol', 'TopicArn'],
  'AWS::SNS::Topic': ['TopicName'],
  'AWS::SNS::TopicPolicy': [],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SQS::QueuePolicy': [],
  // CDK's handler gives an updated resource the same physical id, so it is never replaced.
  'Custom::S3BucketNotifications': [],
};

/**
 * What CloudFormation does to get from one template to another, in an order that its rules allow: additions and updates
 * first, each after what it refers to or depends on, then removals ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), each before
 * what it depended on.
 */
export const transition = (from: Template, to: Template): Step[] => {
  const before = from.toJSON()['Resources'] as Resources;
  const after = to.toJSON()['Resources'] as Resources;
  const forward = inOrder(after).flatMap((id): Step[] => {
    const [old, next] = [before[id], after[id] as Resource];
    if (old === undefined) return [{ kind: 'add', id, type: next.Type }];
    // CloudFormation rejects a change of the type of a resource.
    if (old.Type !== next.Type) throw new Error(`${id} changes its type`);
    if (JSON.stringify(old) === JSON.stringify(next)) return [];
    return [{ kind: isReplaced(old, next) ? 'replace' : 'update', id, type: next.Type }];
  });
  const gone = inOrder(before)
    .reverse()
    .filter((id) => after[id] === undefined || forward.some((step) => step.id === id && step.kind === 'replace'));
  const cleanup = gone.map((id): Step => {
    const { Type: type, DeletionPolicy, UpdateReplacePolicy } = before[id] as Resource;
    const policy = after[id] === undefined ? DeletionPolicy : UpdateReplacePolicy;
    return { kind: policy?.startsWith('Retain') ? 'keep' : 'remove', id, type };
  });
  return [...forward, ...cleanup];
};

const isReplaced = (old: Resource, next: Resource): boolean => {
  const properties = REPLACING[next.Type];
  if (properties === undefined) throw new Error(`which changes replace a ${next.Type} is not known`);
  return properties.some((name) => JSON.stringify(old.Properties?.[name]) !== JSON.stringify(next.Properties?.[name]));
};

/** The ids of a template, each after the resources that it needs. */
const inOrder = (resources: Resources): string[] => {
  const ordered = new Set<string>();
  const visit = (id: string, path: readonly string[]) => {
    if (path.includes(id)) throw new Error(`circular: ${[...path, id].join(' → ')}`);
    if (ordered.has(id)) return;
    for (const needed of needs(resources, id)) visit(needed, [...path, id]);
    ordered.add(id);
  };
  for (const id of Object.keys(resources)) visit(id, []);
  return [...ordered];
};

const needs = (resources: Resources, id: string): string[] => {
  const { DependsOn = [], Properties } = resources[id] as Resource;
  const text = JSON.stringify(Properties ?? {});
  const referred = [...text.matchAll(/"(?:Ref":"|Fn::GetAtt":\[")(\w+)"/g)].map(([, found = '']) => found);
  // The names of CDK's assets contain `${AWS::AccountId}`, which is no resource.
  if (/\$\{(?!AWS::)/.test(text)) throw new Error(`${id} refers to a resource within Fn::Sub, which is not read`);
  return [...new Set([DependsOn, referred].flat())].filter((other) => resources[other] !== undefined && other !== id);
};

/** Whether every path of the rules takes `first` before `second`: only then does a test of their order mean something. */
export const mustPrecede = (template: Template, first: string, second: string): boolean => {
  const resources = template.toJSON()['Resources'] as Resources;
  const reaches = (id: string): boolean => id === first || needs(resources, id).some(reaches);
  return reaches(second);
};
