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
 * Emulates Secrets Manager with one secret, found by name or ARN, in AWS JSON 1.1: GetSecretValue, PutSecretValue,
 * DescribeSecret and UpdateSecretVersionStage (https://docs.aws.amazon.com/secretsmanager/latest/apireference/).
 */
export const startSecretsManager = async (options: {
  secretId: string;
  value?: string | undefined;
  region?: string;
  port?: number;
  /** The only access key id that may use the secret. @default any */
  accessKeyId?: string | undefined;
}): Promise<SecretsManager> => {
  const arn = `arn:aws:secretsmanager:${options.region ?? 'us-east-1'}:000000000000:secret:${options.secretId}-AbCdEf`;
  const secret = createVersions();
  if (options.value !== undefined) secret.put(options.value, ['AWSCURRENT']);

  const answer = (target: string, input: Input): Answer => {
    const operation = OPERATIONS[target.replace(/^secretsmanager\./, '')];
    if (operation === undefined) {
      return failure(
        'UnknownOperationException',
        `the embedded Secrets Manager does not have ${JSON.stringify(target)}`,
      );
    }
    if (typeof input.SecretId !== 'string') return failure('InvalidRequestException', 'SecretId is missing');
    const isKnown = input.SecretId === options.secretId || input.SecretId === arn;
    if (!isKnown || secret.idOf('AWSCURRENT') === undefined) {
      return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    const answered = operation(secret, input);
    if (answered.status !== 200) return answered;
    return { status: 200, body: { ARN: arn, Name: options.secretId, ...answered.body } };
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
  return {
    endpoint,
    close,
    setSecret(value, stage = 'AWSCURRENT') {
      if (value === undefined) secret.removeStage(stage);
      else secret.put(value, [stage]);
    },
  };
};

interface Input {
  readonly SecretId?: unknown;
  readonly VersionId?: unknown;
  readonly VersionStage?: unknown;
  readonly VersionStages?: unknown;
  readonly SecretString?: unknown;
  readonly ClientRequestToken?: unknown;
  readonly MoveToVersionId?: unknown;
  readonly RemoveFromVersionId?: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const OPERATIONS: Readonly<Record<string, (secret: Versions, input: Input) => Answer>> = {
  GetSecretValue(secret, { VersionId, VersionStage = VersionId === undefined ? 'AWSCURRENT' : undefined }) {
    const id = VersionStage === undefined ? String(VersionId) : secret.idOf(String(VersionStage));
    const version = id === undefined ? undefined : secret.get(id);
    if (version === undefined) {
      const message = `Secrets Manager can't find the specified secret value for staging label: ${VersionStage}`;
      return failure('ResourceNotFoundException', message);
    }
    return success({ SecretString: version.value, VersionId: id, VersionStages: [...version.stages] });
  },
  PutSecretValue(secret, { SecretString, VersionStages = ['AWSCURRENT'], ClientRequestToken }) {
    if (typeof SecretString !== 'string') return failure('InvalidRequestException', 'SecretString is missing');
    const stages = VersionStages as string[];
    const id = secret.put(
      SecretString,
      stages,
      ClientRequestToken === undefined ? undefined : String(ClientRequestToken),
    );
    return success({ VersionId: id, VersionStages: stages });
  },
  DescribeSecret: (secret) => success({ VersionIdsToStages: secret.all() }),
  UpdateSecretVersionStage(secret, { VersionStage, MoveToVersionId, RemoveFromVersionId }) {
    const stage = String(VersionStage);
    const holder = secret.idOf(stage);
    if (holder !== RemoveFromVersionId && (RemoveFromVersionId !== undefined || holder !== undefined)) {
      return failure(
        'InvalidParameterException',
        `RemoveFromVersionId must be the version that has the label ${stage}`,
      );
    }
    if (MoveToVersionId === undefined) secret.removeStage(stage);
    else if (!secret.move(stage, String(MoveToVersionId))) {
      return failure('ResourceNotFoundException', "Secrets Manager can't find the specified version.");
    }
    return success({});
  },
};

interface Versions {
  /** Adds a version. Its labels are taken from the versions that have them. @returns its id */
  put(value: string, stages: readonly string[], id?: string): string;
  get(id: string): { readonly value: string; readonly stages: ReadonlySet<string> } | undefined;
  idOf(stage: string): string | undefined;
  /** Moves a label; the version that was the current one becomes AWSPREVIOUS. False if there is no such version. */
  move(stage: string, id: string): boolean;
  removeStage(stage: string): void;
  all(): Record<string, string[]>;
}

const createVersions = (): Versions => {
  const versions = new Map<string, { readonly value: string; readonly stages: Set<string> }>();
  let latest = 0;
  const idOf: Versions['idOf'] = (stage) => [...versions].find(([, { stages }]) => stages.has(stage))?.[0];
  const removeStage: Versions['removeStage'] = (stage) => {
    for (const { stages } of versions.values()) stages.delete(stage);
  };
  const move: Versions['move'] = (stage, id) => {
    const version = versions.get(id);
    if (version === undefined) return false;
    const before = idOf(stage);
    removeStage(stage);
    version.stages.add(stage);
    if (stage === 'AWSCURRENT' && before !== undefined && before !== id) move('AWSPREVIOUS', before);
    return true;
  };
  return {
    get: (id) => versions.get(id),
    idOf,
    move,
    removeStage,
    put(value, stages, given) {
      latest += 1;
      const id = given ?? `00000000-0000-4000-8000-${String(latest).padStart(12, '0')}`;
      versions.set(id, { value, stages: new Set() });
      for (const stage of stages) move(stage, id);
      return id;
    },
    // AWS shows no versions without labels.
    all: () =>
      Object.fromEntries([...versions].flatMap(([id, { stages }]) => (stages.size > 0 ? [[id, [...stages]]] : []))),
  };
};

const success = (body: Record<string, unknown>): Answer => ({ status: 200, body });

/** Signature Version 4 sends the access key id in the header. The signature is not checked. */
const isAllowed = (authorization: string | undefined, accessKeyId: string | undefined): boolean => {
  if (accessKeyId === undefined) return true;
  const given = Buffer.from(/ Credential=([^/]+)\//.exec(authorization ?? '')?.[1] ?? '');
  const wanted = Buffer.from(accessKeyId);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const failure = (type: string, message: string): Answer => ({ status: 400, body: { __type: type, Message: message } });

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
