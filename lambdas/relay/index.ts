import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { createAwsClients } from './adapters/aws-clients.ts';
import { createDynamoDbLedger } from './adapters/dynamodb/ledger.ts';
import { createAccepts } from './adapters/rocket-chat/accepts.ts';
import { createRocketChat } from './adapters/rocket-chat/chat.ts';
import { createClient } from './adapters/rocket-chat/client.ts';
import { createSendHttp, DEFAULT_TIME_LIMITS } from './adapters/rocket-chat/http.ts';
import { createNotices } from './adapters/rocket-chat/notices.ts';
import { createRooms } from './adapters/rocket-chat/rooms.ts';
import { createS3Objects } from './adapters/s3/objects.ts';
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

const aws = createAwsClients(config.aws);

const send = createSendHttp(config.rocketChatUrl, { ...DEFAULT_TIME_LIMITS, proxyUrl: config.rocketChatProxyUrl });
const credentials = createSecret({
  client: aws.secretsManager,
  secretId: config.secretId,
  clock,
  accepts: createAccepts({ send, abortAfter }),
  logger,
});
const pacer = createPacer({ now: clock.now, random, maxCallsPerMinute: settings.maxCallsPerMinute });
const client = createClient({ send, credentials, clock, pacer });
const circuit = createCircuit({ now: clock.now });
const rooms = createRooms({ client, clock });
const queues = createSqsQueues({
  client: aws.sqs,
  queueUrl: config.queueUrl,
  deadLetterQueueUrl: config.deadLetterQueueUrl,
});

const world = { chat: createRocketChat(client), store: createS3Objects(aws.s3) };
const xray = createXRay({
  daemonAddress: process.env['AWS_XRAY_DAEMON_ADDRESS'] ?? '',
  traceHeader: () => process.env['_X_AMZN_TRACE_ID'],
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
    client: aws.dynamodb,
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
const backlog = createSqsBacklog({ client: aws.sqs, queueUrl: config.queueUrl });

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
