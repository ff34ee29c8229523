/**
 * Prints the files that the SDK opens for one call of each client, as JSON: `function` for the function's own clients,
 * `bare` for a client without their settings. Runs in its own process, because the SDK keeps a reference to Node's
 * readFile and reads a configuration file only once.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const { promises } = process.getBuiltinModule('node:fs');
const { readFile } = promises;
const opened: string[] = [];
promises.readFile = ((...args: Parameters<typeof readFile>) => {
  opened.push(String(args[0]));
  return readFile(...args);
}) as typeof readFile;
syncBuiltinESMExports();

const { awsClientsAt } = await import('./aws.ts');
const require = createRequire(import.meta.url);
const { GetItemCommand } = require('@aws-sdk/client-dynamodb') as typeof import('@aws-sdk/client-dynamodb');
const { GetObjectCommand, S3Client } = require('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
const { GetSecretValueCommand } =
  require('@aws-sdk/client-secrets-manager') as typeof import('@aws-sdk/client-secrets-manager');
const { SendMessageCommand } = require('@aws-sdk/client-sqs') as typeof import('@aws-sdk/client-sqs');

const endpoint = process.argv[2] ?? '';
const object = new GetObjectCommand({ Bucket: 'uploads', Key: 'a' });
const { s3, dynamodb, sqs, secretsManager } = awsClientsAt(endpoint);
const results = await Promise.allSettled([
  s3.send(object),
  dynamodb.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'x' } } })),
  sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint}/1/uploads`, MessageBody: 'x' })),
  secretsManager.send(new GetSecretValueCommand({ SecretId: 'relay/bot' })),
]);
const ownFiles = opened.splice(0);

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
await new S3Client({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 }).send(object).catch(() => {});
process.stdout.write(JSON.stringify({ calls: results.length, function: ownFiles, bare: opened }));
