import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { isLoopbackHost, listenOnLoopback, type Port } from '../loopback.ts';

/** The services behind the endpoint. */
export interface AwsServices {
  readonly s3: RequestListener;
  readonly sqs: RequestListener;
  readonly dynamodb: RequestListener;
  readonly secretsManager: RequestListener;
}

/**
 * Starts one endpoint for all services on the loopback interface. The operation in `X-Amz-Target` tells the services
 * with AWS JSON apart; S3 has no such header.
 * @throws EADDRINUSE if the port is in use
 */
export const startAwsEndpoint = (services: AwsServices, port?: Port) => {
  // No time-out: a large upload over a slow disk takes as long as it takes.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    const refusal = refuse(request);
    if (refusal !== undefined) return sendError(request, response, 403, 'AccessDenied', refusal);
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.startsWith('AmazonSQS.')) return services.sqs(request, response);
    if (target.startsWith('DynamoDB_')) return services.dynamodb(request, response);
    if (target.startsWith('secretsmanager.')) return services.secretsManager(request, response);
    const service = serviceOf(request);
    // Clients of STS send forms. fauxqs answers GetCallerIdentity.
    if (service === 'sts') return services.sqs(request, response);
    if (target === '' && (service === undefined || service === 's3')) return services.s3(request, response);
    const message = `This endpoint has S3, SQS, DynamoDB and Secrets Manager, but not ${target || service}.`;
    sendError(request, response, 400, 'UnknownOperationException', message);
  });
  return listenOnLoopback(server, port);
};

/**
 * Web pages of other origins could otherwise delete objects by a form, or read answers after they have made their own
 * name resolve to 127.0.0.1.
 */
const refuse = ({ headers }: IncomingMessage): string | undefined => {
  const hosts = [
    headers.host ?? '',
    ...(headers.origin === undefined ? [] : [headers.origin.replace(/^https?:\/\//, '')]),
  ];
  const foreign = hosts.find((host) => !isLoopbackHost(host) && !/^[\w.-]+\.localhost(:\d+)?$/i.test(host));
  return foreign === undefined
    ? undefined
    : `This endpoint answers requests to 127.0.0.1 and localhost only, not ${JSON.stringify(foreign)}.`;
};

/** The service of Signature Version 4's scope, in the header or in a presigned URL. */
const serviceOf = ({ headers, url = '' }: IncomingMessage): string | undefined =>
  (/ Credential=[^,]*\/([\w-]+)\/aws4_request/.exec(headers.authorization ?? '') ??
    /[?&]X-Amz-Credential=[^&]*(?:%2F|\/)([\w-]+)(?:%2F|\/)aws4_request/i.exec(url))?.[1];

/** An error that clients of either protocol show. */
const sendError = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void => {
  request.resume();
  const isJson = request.headers['x-amz-target'] !== undefined;
  response.writeHead(status, { 'content-type': isJson ? 'application/x-amz-json-1.1' : 'application/xml' });
  const escaped = message.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  response.end(
    isJson
      ? JSON.stringify({ __type: code, message })
      : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped}</Message></Error>`,
  );
};
