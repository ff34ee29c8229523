import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Route } from '../../lambdas/relay/domain/settings.ts';
import { Output } from './output-names.ts';
import type { RelayParts } from './relay-parts.ts';

/** Stack outputs: commands for the operator's next steps, and the names of the resources. */
export const addOutputs = (
  scope: Construct,
  relay: RelayParts,
  {
    routes,
    secretArn,
    alarmTopicArn,
    rocketChatUrl,
    eventSourceMappingId,
    dashboardName,
  }: {
    routes: readonly Route[];
    secretArn?: string | undefined;
    alarmTopicArn: string;
    rocketChatUrl: string;
    eventSourceMappingId: string;
    dashboardName: string | undefined;
  },
): void => {
  const { region } = Stack.of(scope);
  const output = (id: string, description: string, value: string) => new CfnOutput(scope, id, { description, value });

  const names = relay.buckets.map(({ bucketName }) => bucketName);

  if (secretArn === undefined) {
    output(
      'StoreToken',
      'Step 1: write {"userId":"...","authToken":"..."} to token.json, run this command, then delete the file',
      // A token on the command line would remain in the shell's history and be visible in the list of processes.
      `aws secretsmanager put-secret-value --region ${region} --secret-id ${relay.secret.secretArn} --secret-string file://token.json`,
    );
  }
  output('UploadFile', 'Step 2: upload a file; it is posted to the room', uploadCommand(names[0] ?? '', routes[0]));

  output(
    Output.BucketName,
    'Objects uploaded to this bucket are posted; several buckets are separated by spaces',
    names.join(' '),
  );
  output(Output.QueueUrl, 'Queue of the uploads that are not posted yet', relay.queue.queueUrl);
  output(
    Output.DeadLetterQueueUrl,
    'Dead-letter queue: uploads that could not be posted, each with its reason',
    relay.deadLetterQueue.queueUrl,
  );
  output(
    'Redrive',
    'Moves every dead letter back to the uploads queue; run this command after the cause is fixed',
    // The function sends dead letters itself, so SQS has no record of their source queue and needs the destination.
    `aws sqs start-message-move-task --region ${region} --source-arn ${relay.deadLetterQueue.queueArn} --destination-arn ${relay.queue.queueArn}`,
  );
  output(Output.TableName, 'DynamoDB table that records what was posted', relay.table.tableName);
  output(Output.FunctionName, 'Lambda function that posts the files', relay.function.functionName);
  output(Output.LogGroupName, 'Log group of the function', relay.logGroup.logGroupName);
  output(Output.AlarmTopicArn, 'SNS topic of the alarms; subscribe to it to receive them', alarmTopicArn);
  output(Output.SecretArn, 'Secret with the access token of the Rocket.Chat user who posts', relay.secret.secretArn);
  output(Output.RocketChatUrl, 'Rocket.Chat server', rocketChatUrl);
  output(
    Output.EventSourceMappingId,
    'Event source mapping from the uploads queue to the function',
    eventSourceMappingId,
  );
  output(Output.ServiceName, 'Dimension "service" of the metrics', relay.serviceName);
  if (dashboardName !== undefined) output(Output.DashboardName, 'CloudWatch dashboard', dashboardName);
};

/** Uploads a file whose key matches the first route. */
const uploadCommand = (bucketName: string, route: Route | undefined): string => {
  const name = `example${route?.suffix ?? '.txt'}`;
  return `aws s3 cp ${quoted(name)} ${quoted(`s3://${bucketName}/${route?.prefix ?? ''}${name}`)}`;
};

/** Quotes an argument for a POSIX shell. */
const quoted = (argument: string): string =>
  /^[\w./:=@%+-]*$/.test(argument.replace(/\$\{Token\[[^\]]*\]\}/g, ''))
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;
