import http from 'node:http';
import https from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { checksumAlgorithms } from './s3/checksum.ts';

export interface AwsOptions {
  readonly region: string;
  /** The role's credentials. They do not change while the process runs. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
  /** URLs in place of AWS's own endpoints. */
  readonly endpoints: Readonly<Record<keyof AwsClients, string | undefined>>;
  /** @default 3, as in the SDKs' standard retry mode */
  readonly maxAttempts?: number;
}

export interface AwsClients {
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly secretsManager: SecretsManagerClient;
}

const CONNECT_MS = 5_000;
/** From the request until its answer begins. */
const ANSWER_MS = 20_000;
/**
 * Without a byte on the connection. A slow chat server slows the reading of a body; the delivery's deadline limits
 * that.
 */
const SILENCE_MS = 120_000;
/** Idle connections are closed before the service closes them. */
const IDLE_CONNECTION_MS = 15_000;

/**
 * The clients of a process. They share one request handler, and so its connections.
 *
 * Every setting that the SDK would otherwise look for in a shared configuration file is given, so that it opens none
 * (docs/decisions/2026-11-24-aws-sdk.md).
 */
export const createAwsClients = (options: AwsOptions): AwsClients => {
  const { region, credentials, useFipsEndpoint, useDualstackEndpoint, endpoints, maxAttempts = 3 } = options;
  const agentOptions = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
  const common = {
    region,
    credentials,
    useFipsEndpoint,
    useDualstackEndpoint,
    defaultsMode: 'standard' as const,
    disableClockSkewCorrection: false,
    retryMode: 'standard',
    maxAttempts,
    authSchemePreference: [],
    userAgentAppId: 's3-to-rocketchat',
    // The endpoint variables were read in aws-environment.ts; a configuration file could hold others.
    ignoreConfiguredEndpointUrls: true,
    cacheMiddleware: true,
  } satisfies S3ClientConfig;
  const at = (service: keyof AwsClients) => {
    const endpoint = endpoints[service];
    return endpoint === undefined ? {} : { endpoint };
  };

  const s3 = new S3Client({
    ...common,
    ...at('s3'),
    requestHandler: {
      httpAgent: new http.Agent(agentOptions),
      httpsAgent: new https.Agent({ ...agentOptions, minVersion: 'TLSv1.2' }),
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      socketTimeout: SILENCE_MS,
    },
    forcePathStyle: endpoints.s3 !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    checksumAlgorithms,
    disableS3ExpressSessionAuth: true,
    useArnRegion: false,
    sigv4aSigningRegionSet: [region],
  });
  const shared = { ...common, requestHandler: s3.config.requestHandler };
  return {
    s3,
    dynamodb: new DynamoDBClient({
      ...shared,
      ...at('dynamodb'),
      accountIdEndpointMode: 'disabled',
      endpointDiscoveryEnabled: false,
    }),
    // A queue's URL always has the host name of the standard endpoint, even if FIPS or dual-stack is enabled.
    sqs: new SQSClient({ ...shared, ...at('sqs'), useQueueUrlAsEndpoint: false }),
    secretsManager: new SecretsManagerClient({ ...shared, ...at('secretsManager') }),
  };
};
