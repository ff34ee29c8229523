import { type AwsClientOptions, createAwsClient } from '../../lambdas/relay/adapters/aws/client.ts';
import { type AwsJson, createAwsJson } from '../../lambdas/relay/adapters/aws/json.ts';
import { createS3Objects, readS3Code } from '../../lambdas/relay/adapters/s3/objects.ts';
import type { ObjectStore } from '../../lambdas/relay/ports.ts';

/** The function's own way to AWS, against an emulator or a server that does what a test says. It tries once, unless told. */
const common = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  random: () => 1,
  wait: async () => {},
  maxTries: 1,
};
type Overrides = Partial<Pick<AwsClientOptions, 'maxTries' | 'traceHeader' | 'wait' | 'random' | 'credentials'>>;

export const awsJsonAt = (
  service: 'dynamodb' | 'sqs' | 'secretsmanager',
  endpoint: string,
  overrides: Overrides = {},
): AwsJson => createAwsJson({ ...common, ...overrides, service, endpoint: new URL(endpoint) });

export const s3ObjectsAt = (endpoint: string, overrides: Overrides = {}): ObjectStore =>
  createS3Objects({
    client: createAwsClient({ ...common, ...overrides, service: 's3', readCode: readS3Code }),
    endpoint: new URL(endpoint),
    isPathStyle: true,
  });
