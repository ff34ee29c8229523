import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { S3Schema } from '@aws-lambda-powertools/parser/schemas/s3';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';

/**
 * The same task as most published samples do it: with every Powertools package, the SDK's clients, the object read into
 * memory, and fetch with FormData and Blob. It has only those of the relay's guarantees that these packages provide.
 */
const env = process.env as Record<string, string>;
const logger = new Logger();
const metrics = new Metrics({ namespace: 'UsualWay' });
const tracer = new Tracer();
const s3 = new S3Client({});
const secrets = new SecretsManagerClient({});
const persistenceStore = new DynamoDBPersistenceLayer({
  tableName: env['LEDGER_TABLE'] ?? '',
  awsSdkV3Client: new DynamoDBClient({}),
});
const idempotency = new IdempotencyConfig({ eventKeyJmesPath: 'body' });
const processor = new BatchProcessor(EventType.SQS);

let credentials: Promise<{ userId: string; authToken: string }> | undefined;
const readCredentials = async () => {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: env['ROCKET_CHAT_SECRET_ID'] }));
  return JSON.parse(SecretString ?? '') as { userId: string; authToken: string };
};

const call = async (path: string, init: { body: FormData | string; type?: string }): Promise<unknown> => {
  credentials ??= readCredentials();
  const { userId, authToken } = await credentials;
  const response = await fetch(`${env['ROCKET_CHAT_URL']}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      'X-User-Id': userId,
      'X-Auth-Token': authToken,
      ...(init.type === undefined ? {} : { 'Content-Type': init.type }),
    },
    body: init.body,
  });
  if (!response.ok) throw new Error(`Rocket.Chat answered ${response.status}`);
  return response.json();
};

const relay = async (record: SQSRecord): Promise<{ messageId: string }> => {
  const event = S3Schema.parse(JSON.parse(record.body));
  let messageId = '';
  for (const { s3: detail } of event.Records) {
    const key = decodeURIComponent(detail.object.key.replaceAll('+', ' '));
    const object = await s3.send(new GetObjectCommand({ Bucket: detail.bucket.name, Key: key }));
    const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    const form = new FormData();
    const type = object.ContentType ?? 'application/octet-stream';
    form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), key.split('/').at(-1));
    const media = (await call('rooms.media/GENERAL', { body: form })) as { file: { _id: string } };
    const confirmed = (await call(`rooms.mediaConfirm/GENERAL/${media.file._id}`, {
      body: JSON.stringify({ msg: key }),
      type: 'application/json',
    })) as { message: { _id: string } };
    messageId = confirmed.message._id;
    logger.info('posted', { key, messageId });
    metrics.addMetric('ObjectsPosted', MetricUnit.Count, 1);
  }
  return { messageId };
};

const relayOnce = makeIdempotent(relay, { persistenceStore, config: idempotency });

export const handler = middy(async (event: SQSEvent, context: Context) => {
  idempotency.registerLambdaContext(context);
  return processPartialResponse(event, relayOnce, processor, { context });
})
  .use(captureLambdaHandler(tracer))
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics));
