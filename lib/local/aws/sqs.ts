import type { RequestListener } from 'node:http';
import { buildApp } from 'fauxqs';
import { createMoveTasks } from './move-tasks.ts';

/** SQS, before it listens. Its queues are known by name. */
export interface Sqs {
  readonly handle: RequestListener;
  /** The number of a queue's messages, visible or not. Costs as little for a long queue as for a short one. */
  total(queueName: string): Promise<number>;
  /** Counts a queue's messages without receiving them. Reads all of them. */
  count(queueName: string): Promise<QueueCounts>;
  /** Reads the messages that can be received now, without receiving them. */
  peek(queueName: string): Promise<readonly PeekedMessage[]>;
  close(): Promise<void>;
}

export interface QueueCounts {
  readonly ready: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface PeekedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, { readonly StringValue?: string }>>;
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** A header of requests whose counts are not corrected. */
const INTERNAL = 'x-uncorrected';

/** The answer of fauxqs to `GET /_fauxqs/queues/NAME`, which shows messages without receiving them. */
interface Inspection {
  readonly messages: {
    readonly ready: readonly PeekedMessage[];
    readonly inflight: readonly { readonly message: PeekedMessage; readonly visibilityDeadline: number }[];
    readonly delayed: readonly unknown[];
  };
}

/**
 * Emulates SQS with fauxqs, and adds what real clients need: message move tasks, queue URLs that every machine resolves,
 * and counts that include messages whose visibility timeout has ended.
 *
 * `startFauxqs` is not used because it listens on every network interface.
 */
export const createSqs = async (region: string): Promise<Sqs> => {
  const app = buildApp({ logger: false, defaultRegion: region });
  const moveTasks = createMoveTasks(app);

  const inspect = async (queueName: string): Promise<Inspection['messages']> => {
    const answer = await app.inject({ method: 'GET', url: `/_fauxqs/queues/${encodeURIComponent(queueName)}` });
    if (answer.statusCode !== 200) throw new Error(`The queue ${queueName} does not exist.`);
    const { ready, inflight, delayed } = (JSON.parse(answer.body) as Inspection).messages;
    // fauxqs returns a message to the queue only when the queue is polled again.
    const now = Date.now();
    const returned = inflight.filter(({ visibilityDeadline }) => visibilityDeadline <= now);
    return {
      ready: [...ready, ...returned.map(({ message }) => message)],
      inflight: inflight.filter((entry) => !returned.includes(entry)),
      delayed,
    };
  };
  const count = async (queueName: string): Promise<QueueCounts> => {
    const { ready, inflight, delayed } = await inspect(queueName);
    return { ready: ready.length, inFlight: inflight.length, delayed: delayed.length };
  };

  const total = async (queueName: string): Promise<number> => {
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: {
        'x-amz-target': 'AmazonSQS.GetQueueAttributes',
        'content-type': 'application/x-amz-json-1.0',
        [INTERNAL]: 'yes',
      },
      payload: JSON.stringify({ QueueUrl: `http://localhost/000000000000/${queueName}`, AttributeNames: COUNTS }),
    });
    // These are not corrected, but their sum is right.
    const { Attributes: counts } = JSON.parse(answer.body) as { Attributes?: Record<string, string> };
    if (counts === undefined) throw new Error(`The queue ${queueName} does not exist.`);
    return Object.values(counts).reduce((sum, value) => sum + Number(value), 0);
  };

  app.addHook('preHandler', async (request, reply) => {
    const body = request.body as Record<string, unknown> | undefined;
    const answer = await moveTasks.answer(String(request.headers['x-amz-target'] ?? ''), body ?? {});
    if (answer === undefined) return;
    reply.code(answer.status).type('application/x-amz-json-1.0');
    return reply.send(JSON.stringify(answer.body));
  });

  app.addHook('preSerialization', async (request, _reply, payload) => {
    const { Attributes: attributes } = (payload ?? {}) as { Attributes?: Record<string, string> };
    if (request.headers['x-amz-target'] !== 'AmazonSQS.GetQueueAttributes' || attributes === undefined) return payload;
    const isAsked = COUNTS.some((name) => name in attributes);
    // Only messages that are not visible can be counted wrongly.
    if (!isAsked || attributes['ApproximateNumberOfMessagesNotVisible'] === '0') return payload;
    if (request.headers[INTERNAL] !== undefined) return payload;
    const name =
      String((request.body as { QueueUrl?: unknown }).QueueUrl)
        .split('/')
        .at(-1) ?? '';
    const { ready, inFlight, delayed } = await count(name);
    const counts: Record<string, number> = {
      ApproximateNumberOfMessages: ready,
      ApproximateNumberOfMessagesNotVisible: inFlight,
      ApproximateNumberOfMessagesDelayed: delayed,
    };
    const corrected = Object.entries(attributes).map(([key, value]) => [key, String(counts[key] ?? value)]);
    return { ...(payload as object), Attributes: Object.fromEntries(corrected) };
  });

  // fauxqs gives queue URLs with hosts such as sqs.us-east-1.localhost, which some machines do not resolve.
  app.addHook('onSend', async (request, _reply, payload) =>
    typeof payload === 'string'
      ? payload.replace(/"http:\/\/sqs\.[\w-]+\.localhost(:\d+)?\//g, `"http://${request.headers.host}/`)
      : payload,
  );

  await app.ready();
  return {
    handle: (request, response) => app.routing(request, response),
    total,
    count,
    peek: async (queueName) => (await inspect(queueName)).ready,
    close: () => app.close(),
  };
};
