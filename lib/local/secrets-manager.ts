import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from './loopback.ts';

export interface SecretsManager {
  readonly endpoint: string;
  /** Sets or replaces the secret's value; `undefined` takes the secret away. */
  setSecret(value: string | undefined): void;
  close(): Promise<void>;
}

/**
 * A stand-in for Secrets Manager that knows one secret, by name or by ARN, and one operation: GetSecretValue, in AWS
 * JSON 1.1 (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
 */
export const startSecretsManager = async (options: {
  secretId: string;
  value?: string | undefined;
  region?: string;
  port?: number;
}): Promise<SecretsManager> => {
  const arn = `arn:aws:secretsmanager:${options.region ?? 'us-east-1'}:000000000000:secret:${options.secretId}-AbCdEf`;
  let value = options.value;
  let version = 1;

  const answer = (target: string, secretId: unknown): { status: number; body: Record<string, unknown> } => {
    if (target !== 'secretsmanager.GetSecretValue') {
      return failure(
        'UnknownOperationException',
        `this stand-in only knows GetSecretValue, not ${target || 'nothing'}`,
      );
    }
    if (typeof secretId !== 'string') return failure('InvalidRequestException', 'SecretId is missing');
    if (value === undefined || (secretId !== options.secretId && secretId !== arn)) {
      return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      status: 200,
      body: {
        ARN: arn,
        Name: options.secretId,
        SecretString: value,
        VersionId: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
        VersionStages: ['AWSCURRENT'],
      },
    };
  };

  const server = createServer((request, response) => {
    void readJson(request).then((input) => {
      const { status, body } =
        input === undefined
          ? failure('SerializationException', 'the body is not a JSON object')
          : answer(String(request.headers['x-amz-target'] ?? ''), input['SecretId']);
      send(response, status, body);
    });
  });
  const { endpoint, close } = await listenOnLoopback(server, options.port);
  return {
    endpoint,
    close,
    setSecret(newValue) {
      value = newValue;
      version += 1;
    },
  };
};

const failure = (type: string, message: string) => ({ status: 400, body: { __type: type, Message: message } });

const readJson = async (request: IncomingMessage): Promise<Record<string, unknown> | undefined> => {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const send = (response: ServerResponse, status: number, body: Record<string, unknown>): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
};
