import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';

export interface SecretsManager {
  readonly endpoint: string;
  /**
   * Sets a version of the secret; `undefined` deletes it. Without AWSCURRENT the secret does not exist.
   * @param stage default: AWSCURRENT
   */
  setSecret(value: string | undefined, stage?: Stage): void;
  close(): Promise<void>;
}

type Stage = 'AWSCURRENT' | 'AWSPENDING';

/**
 * Emulates Secrets Manager with one secret, found by name or ARN, and one operation, GetSecretValue in AWS JSON 1.1
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
 */
export const startSecretsManager = async (options: {
  secretId: string;
  value?: string | undefined;
  region?: string;
  port?: number;
  /** The only access key id that may read the secret. @default any */
  accessKeyId?: string | undefined;
}): Promise<SecretsManager> => {
  const arn = `arn:aws:secretsmanager:${options.region ?? 'us-east-1'}:000000000000:secret:${options.secretId}-AbCdEf`;
  const versions = new Map<string, { readonly value: string; readonly number: number }>();
  let latest = 0;
  const setSecret: SecretsManager['setSecret'] = (value, stage = 'AWSCURRENT') => {
    latest += 1;
    if (value === undefined) versions.delete(stage);
    else versions.set(stage, { value, number: latest });
  };
  setSecret(options.value);

  const answer = (
    target: string,
    { SecretId: secretId, VersionStage: stage = 'AWSCURRENT' }: Input,
  ): { status: number; body: Record<string, unknown> } => {
    if (target !== 'secretsmanager.GetSecretValue') {
      return failure(
        'UnknownOperationException',
        `the embedded Secrets Manager has only GetSecretValue, not ${JSON.stringify(target)}`,
      );
    }
    if (typeof secretId !== 'string') return failure('InvalidRequestException', 'SecretId is missing');
    if (!versions.has('AWSCURRENT') || (secretId !== options.secretId && secretId !== arn)) {
      return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    const version = versions.get(String(stage));
    if (version === undefined) {
      const message = `Secrets Manager can't find the specified secret value for staging label: ${stage}`;
      return failure('ResourceNotFoundException', message);
    }
    return {
      status: 200,
      body: {
        ARN: arn,
        Name: options.secretId,
        SecretString: version.value,
        VersionId: `00000000-0000-4000-8000-${String(version.number).padStart(12, '0')}`,
        VersionStages: [stage],
      },
    };
  };

  const server = createServer((request, response) => {
    void readJson(request).then((input) => {
      const { status, body } = !isAllowed(request.headers.authorization, options.accessKeyId)
        ? failure('UnrecognizedClientException', 'The security token included in the request is invalid.')
        : input === undefined
          ? failure('SerializationException', 'the request body is not a JSON object')
          : answer(String(request.headers['x-amz-target'] ?? ''), input);
      send(response, status, body);
    });
  });
  const { endpoint, close } = await listenOnLoopback(server, options.port);
  return { endpoint, close, setSecret };
};

interface Input {
  readonly SecretId?: unknown;
  readonly VersionStage?: unknown;
}

/** Signature Version 4 sends the access key id in the header. The signature is not checked. */
const isAllowed = (authorization: string | undefined, accessKeyId: string | undefined): boolean => {
  if (accessKeyId === undefined) return true;
  const given = Buffer.from(/ Credential=([^/]+)\//.exec(authorization ?? '')?.[1] ?? '');
  const wanted = Buffer.from(accessKeyId);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
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
