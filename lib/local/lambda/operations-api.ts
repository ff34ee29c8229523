import { createServer, type IncomingMessage } from 'node:http';
import { isLoopbackHost, listenOnLoopback } from '../loopback.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';

/** The name and the id that the operator's commands use for the embedded relay. */
export const LOCAL_LOG_GROUP = '/aws/lambda/rocket-chat-relay';
export const LOCAL_MAPPING_ID = '00000000-0000-4000-8000-000000000001';

/** Older lines are forgotten. */
const MAX_LINES = 20_000;
const PAGE = 10_000;

interface LogEvent {
  readonly eventId: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly logStreamName: string;
  readonly message: string;
}

export interface OperationsApi {
  /** Of both services. */
  readonly endpoint: string;
  /** Adds a line that the function has written. */
  addLine(line: string): void;
  close(): Promise<void>;
}

/**
 * The calls of the operator's commands to Lambda and CloudWatch Logs: GetEventSourceMapping and UpdateEventSourceMapping
 * with `Enabled` (https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html), and FilterLogEvents
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html), which ignores
 * `filterPattern` and so returns more events than on AWS.
 */
export const startOperationsApi = async (options: {
  readonly mapping: Pick<EventSourceMapping, 'state' | 'setEnabled'>;
  readonly queueArn: string;
  readonly now: () => number;
}): Promise<OperationsApi> => {
  const { mapping, queueArn, now } = options;
  const events: LogEvent[] = [];
  let count = 0;
  let changedAt = now();

  const describe = (state: string) => ({
    UUID: LOCAL_MAPPING_ID,
    EventSourceArn: queueArn,
    State: state,
    StateTransitionReason: 'USER_INITIATED',
    LastModified: changedAt / 1_000,
  });

  const answer = (method: string, path: string, target: string, body: Record<string, unknown>): Answer => {
    if (path === `/2015-03-31/event-source-mappings/${LOCAL_MAPPING_ID}`) {
      if (method === 'GET') return { status: 200, body: describe(mapping.state) };
      if (method === 'PUT' && typeof body['Enabled'] === 'boolean') {
        mapping.setEnabled(body['Enabled']);
        changedAt = now();
        return { status: 202, body: describe(body['Enabled'] ? 'Enabling' : 'Disabling') };
      }
    }
    if (target === 'Logs_20140328.FilterLogEvents') return { status: 200, body: filterEvents(events, body) };
    const message = `The embedded Lambda and CloudWatch Logs do not support ${method} ${path} ${target}.`;
    return { status: 404, body: { __type: 'ResourceNotFoundException', message, Message: message } };
  };

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const target = String(request.headers['x-amz-target'] ?? '');
      const { status, body: result } = isLoopbackHost(request.headers.host)
        ? answer(request.method ?? '', request.url?.split('?')[0] ?? '', target, body)
        : { status: 403, body: {} };
      response.writeHead(status, {
        'content-type': target === '' ? 'application/json' : 'application/x-amz-json-1.1',
        ...(status >= 400 ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {}),
      });
      response.end(JSON.stringify(result));
    });
  });
  const { endpoint, close } = await listenOnLoopback(server);
  return {
    endpoint,
    close,
    addLine(message) {
      count += 1;
      const timestamp = now();
      const eventId = String(count).padStart(56, '0');
      events.push({ eventId, timestamp, ingestionTime: timestamp, logStreamName: 'local', message });
      if (events.length > MAX_LINES) events.shift();
    },
  };
};

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** A page of events. The token is the id of the last event of the page before. */
const filterEvents = (events: readonly LogEvent[], input: Record<string, unknown>): object => {
  const from = typeof input['startTime'] === 'number' ? input['startTime'] : 0;
  const to = typeof input['endTime'] === 'number' ? input['endTime'] : Number.POSITIVE_INFINITY;
  const after = typeof input['nextToken'] === 'string' ? input['nextToken'] : '';
  const limit = typeof input['limit'] === 'number' ? Math.min(PAGE, input['limit']) : PAGE;
  const wanted = events.filter(({ eventId, timestamp }) => eventId > after && timestamp >= from && timestamp < to);
  const page = wanted.slice(0, limit);
  return { events: page, searchedLogStreams: [], nextToken: wanted.length > limit ? page.at(-1)?.eventId : undefined };
};

const readBody = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};
