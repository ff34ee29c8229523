import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** The clients of the services that the commands call. */
export interface Clients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly sns: SNSClient;
  readonly eventBridge: EventBridgeClient;
}

export interface ClientOptions {
  /** @default the SDK's: AWS_REGION, then the profile's region */
  readonly region?: string | undefined;
  /** @default the SDK's chain: environment, profile, SSO, instance role */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** URLs in place of AWS's own endpoints. */
  readonly endpoints?: { readonly [Service in keyof Clients]?: string | undefined } | undefined;
}

/** Every call has a time limit, so that no command hangs. */
export const commonConfig = ({ region, credentials }: Pick<ClientOptions, 'region' | 'credentials'>) => ({
  ...(region !== undefined && { region }),
  ...(credentials !== undefined && { credentials, useFipsEndpoint: false, useDualstackEndpoint: false }),
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  maxAttempts: 3,
  retryMode: 'standard',
  userAgentAppId: 's3-to-rocketchat',
});

/** Makes the clients. They open no connection before the first call. */
export const createClients = (options: ClientOptions): Clients => {
  const common = commonConfig(options);
  const at = (service: keyof Clients) => {
    const endpoint = options.endpoints?.[service];
    return { ...common, ...(endpoint !== undefined && { endpoint }) };
  };
  return {
    s3: new S3Client({ ...at('s3'), forcePathStyle: options.endpoints?.s3 !== undefined }),
    // A queue's URL always has the host name of the standard endpoint, even if FIPS or dual-stack is enabled.
    sqs: new SQSClient({ ...at('sqs'), useQueueUrlAsEndpoint: false }),
    dynamodb: new DynamoDBClient(at('dynamodb')),
    secretsManager: new SecretsManagerClient(at('secretsManager')),
    lambda: new LambdaClient(at('lambda')),
    cloudWatch: new CloudWatchClient(at('cloudWatch')),
    logs: new CloudWatchLogsClient(at('logs')),
    sns: new SNSClient(at('sns')),
    eventBridge: new EventBridgeClient(at('eventBridge')),
  };
};
