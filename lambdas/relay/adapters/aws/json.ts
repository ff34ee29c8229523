import { type AwsClient, type AwsClientOptions, createAwsClient, readText } from './client.ts';
import { AwsError } from './error.ts';

/**
 * Calls one operation of a service that speaks AWS's JSON protocol, whose bodies have the same shape as the inputs and
 * outputs of the AWS SDK as long as they hold neither dates nor bytes: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 * @throws AwsError
 */
export type AwsJson = <Input extends object, Output>(operation: string, input: Input) => Promise<Output>;

/** What the header `X-Amz-Target` and the content type say for each service. */
const PROTOCOLS = {
  dynamodb: { target: 'DynamoDB_20120810', version: '1.0' },
  sqs: { target: 'AmazonSQS', version: '1.0' },
  secretsmanager: { target: 'secretsmanager', version: '1.1' },
} as const;

export const createAwsJson = (
  options: Omit<AwsClientOptions, 'readCode' | 'service'> & {
    readonly service: keyof typeof PROTOCOLS;
    readonly endpoint: URL;
  },
): AwsJson => {
  const { service, endpoint } = options;
  const { target, version } = PROTOCOLS[service];
  const send: AwsClient = createAwsClient({ ...options, readCode });
  return async <Input extends object, Output>(operation: string, input: Input): Promise<Output> => {
    const text = await send(
      {
        method: 'POST',
        endpoint,
        path: '/',
        headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${target}.${operation}` },
        body: JSON.stringify(input),
      },
      (answer) => readText(answer),
    );
    try {
      return JSON.parse(text) as Output;
    } catch (cause) {
      const message = `${service} answered ${operation} with something that is not JSON`;
      throw new AwsError(message, { code: 'NotJson', status: 200, cause });
    }
  };
};

/** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException` → `ConditionalCheckFailedException` */
const readCode = (body: string, headers: { readonly [name: string]: string | string[] | undefined }) => {
  let type: unknown;
  try {
    type = (JSON.parse(body) as { __type?: unknown } | null)?.__type;
  } catch {
    // A proxy or a load balancer may answer in place of the service.
  }
  const text = String(type ?? headers['x-amzn-errortype'] ?? '');
  return /^(?:[\w.]+#)?(\w+)/.exec(text)?.[1];
};
