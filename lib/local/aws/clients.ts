import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** The emulators accept any credentials, but the SDK cannot sign requests without some. */
export const DUMMY_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

export type LocalCredentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** Credentials that another user of the machine cannot guess. */
export const randomCredentials = (): LocalCredentials => ({
  accessKeyId: randomBytes(16).toString('hex'),
  secretAccessKey: randomBytes(32).toString('base64url'),
});

export interface LocalEndpoints {
  readonly s3: string;
  readonly sqs: string;
  readonly dynamodb: string;
  readonly secretsManager: string;
}

export interface LocalClients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
}

/** Creates clients that use only these arguments and ignore AWS_PROFILE and ~/.aws. */
export const createLocalClients = (
  endpoints: Pick<LocalEndpoints, 's3' | 'sqs' | 'dynamodb'>,
  region: string,
): LocalClients => {
  const common = {
    region,
    credentials: DUMMY_CREDENTIALS,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryMode: 'standard',
  };
  return {
    s3: new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true }),
    sqs: new SQSClient({ ...common, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false }),
    dynamodb: new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb }),
  };
};

export const destroyClients = (clients: LocalClients): void => {
  clients.s3.destroy();
  clients.sqs.destroy();
  clients.dynamodb.destroy();
};
