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
import { createRocketChat } from './adapters/rocket-chat/chat.ts';
import { createClient } from './adapters/rocket-chat/client.ts';
import { createSendHttp, DEFAULT_TIME_LIMITS } from './adapters/rocket-chat/http.ts';
import { createNotices } from './adapters/rocket-chat/notices.ts';
import { createRooms } from './adapters/rocket-chat/rooms.ts';
import { createS3Objects, readS3Code } from './adapters/s3/objects.ts';
import { createSecret } from './adapters/secrets-manager/credentials.ts';
import { createSqsBacklog } from './adapters/sqs/backlog.ts';
import { createSqsQueues } from './adapters/sqs/queues.ts';
import { readConfig } from './config.ts';
import { createDeliver } from './delivery/deliver.ts';
import { createCircuit } from './domain/circuit.ts';
import { createHandler } from './handler.ts';
import { METRICS_NAMESPACE } from './names.ts';
import { createEmfMetrics } from './observe/emf-metrics.ts';
import { createOperations } from './observe/operations.ts';
import { traced } from './observe/tracing.ts';
import { createXRay } from './observe/xray.ts';
import { createPacer } from './pacing/pacer.ts';
import { createPacing } from './pacing/pacing.ts';

const config = readConfig(process.env);
const { settings } = config;
const clock = { now: Date.now };
const random = Math.random;
const abortAfter = (delayMs: number) => AbortSignal.timeout(delayMs);
// Both take their service name from POWERTOOLS_SERVICE_NAME, which tells one relay of an account from another.
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
const pacer = createPacer({ now: clock.now, random, maxCallsPerMinute: settings.maxCallsPerMinute });
const client = createClient({ send, credentials, clock, pacer });
const circuit = createCircuit({ now: clock.now });
const rooms = createRooms({ client, clock });
const sqs = createAwsJson({ ...aws, service: 'sqs', endpoint: new URL(new URL(config.queueUrl).origin) });
const queues = createSqsQueues({
  call: sqs,
  queueUrl: config.queueUrl,
  deadLetterQueueUrl: config.deadLetterQueueUrl,
});

const s3 = endpointOf('s3');
const world = {
  chat: createRocketChat(client),
  store: createS3Objects({
    client: createAwsClient({ ...aws, service: 's3', readCode: readS3Code }),
    endpoint: s3.url,
    isPathStyle: s3.isCustom,
  }),
};
const xray = createXRay({
  daemonAddress: process.env['AWS_XRAY_DAEMON_ADDRESS'] ?? '',
  traceHeader,
  clock,
});

const deliver = createDeliver({
  settings,
  clock,
  random,
  logger,
  queues,
  pacer,
  circuit,
  bot: { userId: async () => (await credentials.current()).userId },
  ...(config.isTracing ? traced(world, xray) : world),
  rooms,
  ledger: createDynamoDbLedger({
    call: createAwsJson({ ...aws, service: 'dynamodb', endpoint: endpointOf('dynamodb').url }),
    tableName: config.ledgerTable,
    clock,
    retentionDays: settings.ledgerRetentionDays,
  }),
});

const { operationsRoom: room } = settings;
const notices = createNotices(client);
const operations =
  room === undefined ? undefined : createOperations({ room, rooms, notices, circuit, clock, logger, abortAfter });
const emf = createEmfMetrics(metrics);
const backlog = createSqsBacklog({ call: sqs, queueUrl: config.queueUrl });

export const handler = middy(
  createHandler({
    deliver,
    queues,
    metrics: emf,
    pacing: createPacing({ pacer, backlog, clock, logger, metrics: emf }),
    operations,
    logger,
    clock,
    abortAfter,
    filesAtOnce: settings.filesAtOnce,
  }),
)
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics));
