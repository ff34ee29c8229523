import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { createAwsClients } from './adapters/aws-clients.ts';
import { createDynamoDbLedger } from './adapters/dynamodb/ledger.ts';
import { createAccepts } from './adapters/rocket-chat/accepts.ts';
import { createSendHttp, DEFAULT_TIME_LIMITS } from './adapters/rocket-chat/http.ts';
import { createS3Links } from './adapters/s3/links.ts';
import { createS3Objects } from './adapters/s3/objects.ts';
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

const aws = createAwsClients(config.aws);

const send = createSendHttp(config.rocketChatUrl, { ...DEFAULT_TIME_LIMITS, proxyUrl: config.rocketChatProxyUrl });
const credentials = createSecret({
  client: aws.secretsManager,
  secretId: config.secretId,
  clock,
  accepts: createAccepts({ send, abortAfter }),
  logger,
});
// The first delivery needs the credentials. A failure is not kept: the delivery reads them again and reports it.
credentials.current().catch(() => undefined);
const xray = createXRay({
  daemonAddress: process.env['AWS_XRAY_DAEMON_ADDRESS'] ?? '',
  traceHeader: () => process.env['_X_AMZN_TRACE_ID'],
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
  store: createS3Objects(aws.s3),
  links: createS3Links(aws.s3),
  ledger: createDynamoDbLedger({
    client: aws.dynamodb,
    tableName: config.ledgerTable,
    clock,
    retentionDays: settings.ledgerRetentionDays,
  }),
  queues: createSqsQueues({
    client: aws.sqs,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
  }),
  backlog: createSqsBacklog({ client: aws.sqs, queueUrl: config.queueUrl }),
  trace: config.isTracing ? xray : undefined,
});

export const handler = middy(relay).use(injectLambdaContext(logger)).use(logMetrics(metrics));
