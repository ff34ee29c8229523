import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Route } from '../../lambdas/relay/domain/settings.ts';
import type { RocketChatRelay } from './rocket-chat-relay.ts';

/** What the operator does next, as commands, and the names of everything. */
export const addOutputs = (
  scope: Construct,
  relay: RocketChatRelay,
  { routes, secretArn }: { routes: readonly Route[]; secretArn?: string | undefined },
): void => {
  const { region } = Stack.of(scope);
  const output = (id: string, description: string, value: string) => new CfnOutput(scope, id, { description, value });

  if (secretArn === undefined) {
    output(
      'StoreToken',
      'First: write {"userId":"...","authToken":"..."} of a personal access token to token.json, run this, delete the file',
      // From a file: a token on the command line would stay in the shell's history and show in the list of processes.
      `aws secretsmanager put-secret-value --region ${region} --secret-id ${relay.secret.secretArn} --secret-string file://token.json`,
    );
  }
  output(
    'UploadFile',
    'Then: upload a file, and see it in the room',
    uploadCommand(relay.bucket.bucketName, routes[0]),
  );

  const names = relay.buckets.map(({ bucketName }) => bucketName);
  output('BucketName', 'Objects uploaded here are posted', names.join(' '));
  output('QueueUrl', 'Uploads on their way', relay.queue.queueUrl);
  output('DeadLetterQueueUrl', 'Uploads that were given up, each with its reason', relay.deadLetterQueue.queueUrl);
  output(
    'Redrive',
    'Sends every dead letter back, once its reason is mended',
    // The function writes dead letters itself, so SQS does not know where they came from and must be told.
    `aws sqs start-message-move-task --region ${region} --source-arn ${relay.deadLetterQueue.queueArn} --destination-arn ${relay.queue.queueArn}`,
  );
  output('TableName', 'The ledger of what was posted', relay.table.tableName);
  output('FunctionName', 'The function that posts', relay.function.functionName);
  output('LogGroupName', 'Its log', relay.logGroup.logGroupName);
  output('AlarmTopicArn', 'Subscribe to it to hear of alarms', relay.alarmTopic.topicArn);
  output('SecretArn', 'The token of the Rocket.Chat user who posts', relay.secret.secretArn);
};

/** A file that the first route fits, at least by its name. */
const uploadCommand = (bucketName: string, route: Route | undefined): string => {
  const name = `example${route?.suffix ?? '.txt'}`;
  return `aws s3 cp ${quoted(name)} ${quoted(`s3://${bucketName}/${route?.prefix ?? ''}${name}`)}`;
};

/** For a POSIX shell. */
const quoted = (argument: string): string =>
  /^[\w./:=@%+-]*$/.test(argument.replace(/\$\{Token\[[^\]]*\]\}/g, ''))
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;
