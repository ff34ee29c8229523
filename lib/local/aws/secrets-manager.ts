import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';

export interface SecretsManager {
  readonly handle: RequestListener;
  /**
   * Sets a version of the secret; `undefined` deletes it. Without AWSCURRENT the secret does not exist.
   * @param stage default: AWSCURRENT
   */
  setSecret(value: string | undefined, stage?: Stage): void;
}

type Stage = 'AWSCURRENT' | 'AWSPENDING';

interface Version {
  readonly id: string;
  readonly value: string;
}

interface SecretOptions {
  secretId: string;
  value?: string | undefined;
  region?: string;
  /** The only access key id that may use the secret. @default any */
  accessKeyId?: string | undefined;
}

/**
 * Emulates Secrets Manager with one secret, found by name or ARN, and the operations that read it and replace it, in AWS
 * JSON 1.1 (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html).
 */
export const createSecretsManager = (options: SecretOptions): SecretsManager => {
  const { secretId: Name } = options;
  const ARN = `arn:aws:secretsmanager:${options.region ?? 'us-east-1'}:000000000000:secret:${Name}-AbCdEf`;
  /** A stage belongs to one version at a time. */
  const stages = new Map<string, Version>();
  const setSecret: SecretsManager['setSecret'] = (value, stage = 'AWSCURRENT') => {
    if (value === undefined) stages.delete(stage);
    else stages.set(stage, { id: randomUUID(), value });
  };
  setSecret(options.value);

  const stagesOf = (version: Version): string[] =>
    [...stages].filter(([, { id }]) => id === version.id).map(([name]) => name);
  const move = (stage: string, version: Version): void => {
    const current = stages.get(stage);
    if (stage === 'AWSCURRENT' && current !== undefined && current.id !== version.id)
      stages.set('AWSPREVIOUS', current);
    stages.set(stage, version);
  };

  const operations: Readonly<Record<string, (input: Input) => Record<string, unknown>>> = {
    GetSecretValue({ VersionId, VersionStage }) {
      const stage = String(VersionStage ?? 'AWSCURRENT');
      const version =
        VersionId === undefined ? stages.get(stage) : [...stages.values()].find(({ id }) => id === VersionId);
      if (version === undefined)
        throw notFound(VersionId === undefined ? `staging label: ${stage}` : `version: ${VersionId}`);
      const { id, value } = version;
      return { ARN, Name, SecretString: value, VersionId: id, VersionStages: stagesOf(version) };
    },
    PutSecretValue({ SecretString, VersionStages = ['AWSCURRENT'], ClientRequestToken }) {
      if (typeof SecretString !== 'string') throw new Failure('InvalidParameterException', 'SecretString is missing');
      const version = {
        id: typeof ClientRequestToken === 'string' ? ClientRequestToken : randomUUID(),
        value: SecretString,
      };
      for (const stage of VersionStages as string[]) move(stage, version);
      return { ARN, Name, VersionId: version.id, VersionStages: stagesOf(version) };
    },
    UpdateSecretVersionStage({ VersionStage, MoveToVersionId, RemoveFromVersionId }) {
      const stage = String(VersionStage);
      const holder = stages.get(stage);
      if (holder !== undefined && holder.id !== RemoveFromVersionId && holder.id !== MoveToVersionId) {
        const message = `The parameter RemoveFromVersionId must be ${holder.id}, which has the staging label ${stage}.`;
        throw new Failure('InvalidParameterException', message);
      }
      if (MoveToVersionId === undefined) {
        stages.delete(stage);
        return { ARN, Name };
      }
      const version = [...stages.values()].find(({ id }) => id === MoveToVersionId);
      if (version === undefined) throw notFound(`version: ${MoveToVersionId}`);
      move(stage, version);
      return { ARN, Name };
    },
    DescribeSecret() {
      const versions = new Map([...stages.values()].map((version) => [version.id, stagesOf(version)]));
      return { ARN, Name, VersionIdsToStages: Object.fromEntries(versions) };
    },
  };

  const answer = (target: string, input: Input): Record<string, unknown> => {
    const operation = target.replace('secretsmanager.', '');
    if (operation === 'ListSecrets') return { SecretList: stages.has('AWSCURRENT') ? [{ ARN, Name }] : [] };
    const perform = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (perform === undefined) {
      const known = Object.keys(operations).join(', ');
      throw new Failure(
        'UnknownOperationException',
        `the embedded Secrets Manager has only ListSecrets, ${known}, not ${JSON.stringify(target)}`,
      );
    }
    const { SecretId: secretId } = input;
    if (typeof secretId !== 'string') throw new Failure('InvalidRequestException', 'SecretId is missing');
    const exists = stages.has('AWSCURRENT') && (secretId === Name || secretId === ARN);
    if (!exists) throw new Failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return perform(input);
  };

  return {
    setSecret,
    handle(request, response) {
      void readJson(request).then((input) => {
        try {
          if (!isAllowed(request.headers.authorization, options.accessKeyId)) {
            throw new Failure('UnrecognizedClientException', 'The security token included in the request is invalid.');
          }
          if (input === undefined) throw new Failure('SerializationException', 'the request body is not a JSON object');
          send(response, 200, answer(String(request.headers['x-amz-target'] ?? ''), input));
        } catch (error) {
          const { code, message } =
            error instanceof Failure ? error : new Failure('InternalServiceError', String(error));
          send(response, 400, { __type: code, Message: message });
        }
      });
    },
  };
};

/** Starts Secrets Manager alone. */
export const startSecretsManager = async (
  options: SecretOptions,
): Promise<Pick<SecretsManager, 'setSecret'> & { endpoint: string; close(): Promise<void> }> => {
  const { handle, setSecret } = createSecretsManager(options);
  const { endpoint, close } = await listenOnLoopback(createServer(handle));
  return { endpoint, close, setSecret };
};

type Input = Readonly<Record<string, unknown>>;

class Failure extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const notFound = (what: string): Failure =>
  new Failure('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`);

/** Signature Version 4 sends the access key id in the header. The signature is not checked. */
const isAllowed = (authorization: string | undefined, accessKeyId: string | undefined): boolean => {
  if (accessKeyId === undefined) return true;
  const given = Buffer.from(/ Credential=([^/]+)\//.exec(authorization ?? '')?.[1] ?? '');
  const wanted = Buffer.from(accessKeyId);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

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
