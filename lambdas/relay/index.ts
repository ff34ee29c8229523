import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { createAwsClient } from './adapters/aws/client.ts';
import { createAwsJson } from './adapters/aws/json.ts';
import { createDynamoDbLedger } from './adapters/dynamodb/ledger.ts';
import { createAccepts } from './adapters/rocket-chat/accepts.ts';
import { createSendHttp, DEFAULT_TIME_LIMITS } from './adapters/rocket-chat/http.ts';
import { createS3Objects, readS3Code } from './adapters/s3/objects.ts';
import { createSecret } from './adapters/secrets-manager/credentials.ts';
import { createSqsBacklog } from './adapters/sqs/backlog.ts';
import { createSqsQueues } from './adapters/sqs/queues.ts';
import { composeRelay } from './compose.ts';
import { readConfig } from './config.ts';
import { METRICS_NAMESPACE } from './names.ts';
import { createEmfMetrics } from './observe/emf-metrics.ts';
import { createXRay } from './observe/xray.ts';

const config = readConfig(process.env);
const { settings } = config;
const clock = { now: Date.now };
const random = Math.random;
const abortAfter = (delayMs: number) => AbortSignal.timeout(delayMs);
// Both take their service name from POWERTOOLS_SERVICE_NAME, which distinguishes the relays of one account.
const logger = new Logger();
const metrics = new Metrics({ namespace: METRICS_NAMESPACE });

const { region, credentials: role, endpointOf } = config.aws;
const traceHeader = () => process.env['_X_AMZN_TRACE_ID'];
const aws = { region, credentials: role, random, wait, traceHeader };

const send = createSendHttp(config.rocketChatUrl, { ...DEFAULT_TIME_LIMITS, proxyUrl: config.rocketChatProxyUrl });
const credentials = createSecret({
  call: createAwsJson({ ...aws, service: 'secretsmanager', endpoint: endpointOf('secretsmanager').url }),
  secretId: config.secretId,
  clock,
  accepts: createAccepts({ send, abortAfter }),
  logger,
});
const sqs = createAwsJson({ ...aws, service: 'sqs', endpoint: new URL(new URL(config.queueUrl).origin) });
const s3 = endpointOf('s3');
const xray = createXRay({
  daemonAddress: process.env['AWS_XRAY_DAEMON_ADDRESS'] ?? '',
  traceHeader,
  clock,
});

const relay = composeRelay({
  settings,
  buckets: config.bucketNames,
  maxReceiveCount: config.maxReceiveCount,
  clock,
  random,
  logger,
  metrics: createEmfMetrics(metrics),
  abortAfter,
  send,
  credentials,
  store: createS3Objects({
    client: createAwsClient({ ...aws, service: 's3', readCode: readS3Code }),
    endpoint: s3.url,
    isPathStyle: s3.isCustom,
  }),
  ledger: createDynamoDbLedger({
    call: createAwsJson({ ...aws, service: 'dynamodb', endpoint: endpointOf('dynamodb').url }),
    tableName: config.ledgerTable,
    clock,
    retentionDays: settings.ledgerRetentionDays,
  }),
  queues: createSqsQueues({
    call: sqs,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
  }),
  backlog: createSqsBacklog({ call: sqs, queueUrl: config.queueUrl }),
  trace: config.isTracing ? xray : undefined,
});

export const handler = middy(relay).use(injectLambdaContext(logger)).use(logMetrics(metrics));
