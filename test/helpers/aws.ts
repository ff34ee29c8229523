import { type AwsClients, type AwsOptions, createAwsClients } from '../../lambdas/relay/adapters/aws-clients.ts';

/**
 * The function's own clients, with one endpoint for all services: an emulator or a scripted server. They try once by
 * default.
 */
export const awsClientsAt = (
  endpoint: string,
  { maxAttempts = 1, ...overrides }: Partial<AwsOptions> = {},
): AwsClients =>
  createAwsClients({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    endpoints: { s3: endpoint, dynamodb: endpoint, sqs: endpoint, secretsManager: endpoint },
    maxAttempts,
    ...overrides,
  });
