import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ChecksumKind, checksumHeaders, syntheticBytes } from './synthetic-object.ts';

/** How often each call was answered, by name. */
export type CallCounts = Record<string, number>;

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface AnswerOptions {
  /** Each call waits this long, to a tenth of a millisecond. */
  readonly delayMs: number;
  readonly onCall: (name: string) => void;
}

/**
 * Minimal answers of the services around a delivery, so that the benches measure the function itself. S3 generates
 * objects while it sends them (`/BUCKET/CHECKSUM/SIZE/NAME`), the ledger accepts every claim, and the chat server
 * discards what it reads. All bodies are read to their end.
 */
export const createAnswers = ({ delayMs, onCall }: AnswerOptions) => {
  const wait = async (): Promise<void> => {
    if (delayMs === 0) return;
    const dueAt = performance.now() + delayMs;
    // A timer is up to two milliseconds late; the last two are polled.
    await new Promise((resolve) => setTimeout(resolve, delayMs - 2));
    while (performance.now() < dueAt) await new Promise((resolve) => setImmediate(resolve));
  };
  let ids = 0;

  const s3: Answer = async (request, response) => {
    const [, , kind = 'none', size = '0'] = (request.url?.split('?')[0] ?? '').split('/');
    onCall(`S3 ${request.method}`);
    await wait();
    const sizeBytes = Number(size);
    response.writeHead(200, {
      'content-length': sizeBytes,
      'content-type': 'application/octet-stream',
      ...(await checksumHeaders(sizeBytes, kind as ChecksumKind)),
    });
    if (request.method === 'HEAD') return void response.end();
    for (const piece of syntheticBytes(sizeBytes)) {
      if (response.destroyed) return;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  };

  const dynamodb: Answer = async (request, response) => {
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '?';
    onCall(`DynamoDB ${operation}`);
    await readToEnd(request);
    await wait();
    const json = operation === 'Query' ? '{"Items":[],"Count":0,"ScannedCount":0}' : '{}';
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': json.length }).end(json);
  };

  const secretsManager: Answer = async (request, response) => {
    onCall('SecretsManager GetSecretValue');
    await readToEnd(request);
    await wait();
    const json = JSON.stringify({ SecretString: '{"userId":"bot","authToken":"token"}' });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(json);
  };

  const chat: Answer = async (request, response) => {
    const method = /^\/api\/v1\/([\w.]+)/.exec(request.url ?? '')?.[1] ?? '?';
    await readToEnd(request);
    await wait();
    ids += 1;
    const answers: Record<string, object> = {
      'settings.public': { settings: [] },
      'rooms.info': { room: { _id: 'GENERAL' } },
      'rooms.media': { file: { _id: `file${ids}` } },
      'rooms.mediaConfirm': { message: { _id: `message${ids}` } },
    };
    const json = JSON.stringify({ ...answers[method], success: method in answers });
    onCall(`chat ${method}`);
    response
      .writeHead(method in answers ? 200 : 404, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json),
      })
      .end(json);
  };

  return { s3, dynamodb, secretsManager, chat };
};

const readToEnd = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve, reject) => {
    request.resume().once('end', resolve).once('error', reject);
  });

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
