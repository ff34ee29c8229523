import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import * as v from 'valibot';
import { awsCodeOf } from '../../../lambdas/relay/adapters/aws-error.ts';
import { type Settings, SettingsSchema } from '../../../lambdas/relay/domain/settings.ts';
import { Output, SETTINGS_METADATA } from '../../infra/output-names.ts';
import { CommandError } from '../command.ts';
import { commonConfig, createClients } from './clients.ts';
import type { Target } from './target.ts';

/**
 * Finds a deployed relay by its stack's outputs.
 * @throws CommandError if there is no such stack, or it is not a relay of this version
 */
export const findStack = async ({
  stackName,
  region,
}: {
  stackName: string;
  region?: string | undefined;
}): Promise<Target> => {
  const cloudFormation = new CloudFormationClient(commonConfig({ region }));
  const usedRegion = await regionOf(cloudFormation);
  const name = `the stack ${stackName} in ${usedRegion}`;
  const stack = await describeStack(cloudFormation, stackName, usedRegion);
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const missing = Object.values(Output).filter((key) => key !== Output.DashboardName && !outputs.get(key));
  if (missing.length > 0) {
    throw new CommandError(
      `${name} has no output ${missing.join(', ')}: it is not a relay, or a previous version deployed it. ` +
        'Deploy it again with this version: npx cdk deploy',
    );
  }
  const settings = await readSettings(cloudFormation, stackName, name);
  const value = (key: string): string => outputs.get(key) ?? '';
  return {
    name,
    option: `--stack ${stackName}`,
    region: usedRegion,
    clients: createClients({ region: usedRegion }),
    rocketChatUrl: value(Output.RocketChatUrl),
    settings,
    buckets: value(Output.BucketName).split(' '),
    queueUrl: value(Output.QueueUrl),
    deadLetterQueueUrl: value(Output.DeadLetterQueueUrl),
    ledgerTable: value(Output.TableName),
    secretId: value(Output.SecretArn),
    stack: {
      stackName,
      status: stack.StackStatus ?? 'unknown',
      functionName: value(Output.FunctionName),
      eventSourceMappingId: value(Output.EventSourceMappingId),
      logGroupName: value(Output.LogGroupName),
      alarmTopicArn: value(Output.AlarmTopicArn),
      dashboardName: outputs.get(Output.DashboardName),
      serviceName: value(Output.ServiceName),
    },
  };
};

const regionOf = async (client: CloudFormationClient): Promise<string> => {
  try {
    return await client.config.region();
  } catch {
    throw new CommandError(
      'No AWS region is configured: give --region, or set AWS_REGION or the region of your profile.',
    );
  }
};

const describeStack = async (client: CloudFormationClient, stackName: string, region: string): Promise<Stack> => {
  try {
    const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    if (stacks[0] !== undefined) return stacks[0];
  } catch (error) {
    const code = awsCodeOf(error);
    if (code === 'CredentialsProviderError') {
      throw new CommandError(
        'No AWS credentials were found: sign in (aws sso login, aws login), or set AWS_PROFILE or the environment variables of the AWS CLI.',
      );
    }
    const message = error instanceof Error ? error.message : String(error);
    // CloudFormation's only sign of an unknown stack is this text of a ValidationError.
    if (code !== 'ValidationError' || !message.includes('does not exist')) {
      throw new CommandError(`The stack ${stackName} can't be read in ${region}: ${code}: ${message}`);
    }
  }
  throw new CommandError(
    `There is no stack ${stackName} in ${region} in this account: check --stack, --region and AWS_PROFILE.`,
  );
};

const readSettings = async (client: CloudFormationClient, stackName: string, name: string): Promise<Settings> => {
  const { Metadata: text = '{}' } = await client
    .send(new GetTemplateSummaryCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      throw new CommandError(
        `The settings of ${name} can't be read (cloudformation:GetTemplateSummary): ${awsCodeOf(error)}: ${error instanceof Error ? error.message : error}`,
      );
    });
  const metadata: unknown = JSON.parse(text);
  const found = (metadata as Record<string, unknown> | null)?.[SETTINGS_METADATA];
  const parsed = v.safeParse(SettingsSchema, found);
  if (parsed.success) return parsed.output;
  throw new CommandError(
    `The template of ${name} has no settings that this version can read (metadata ${SETTINGS_METADATA}). ` +
      'Deploy it again with this version: npx cdk deploy',
  );
};
