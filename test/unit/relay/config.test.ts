import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../lambdas/relay/config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'relay-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = (overrides: Record<string, string | undefined> = {}) => ({
  ROCKET_CHAT_URL: 'https://chat.example.com/team',
  ROCKET_CHAT_SECRET_ID: 'relay/bot',
  LEDGER_TABLE: 'ledger',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/uploads',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/uploads-dead',
  BUCKET_NAMES: 'example-uploads,example-scans',
  MAX_RECEIVE_COUNT: '1000',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'key',
  LAMBDA_TASK_ROOT: folder,
  ...overrides,
});
const settings = (text: string) => writeFileSync(path.join(folder, 'relay.json'), text);
const faultsOf = (env: Record<string, string | undefined>): string => {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('readConfig', () => {
  it('reads the environment and the settings, with their defaults', () => {
    settings('{"routes":[{"room":"#general"}]}');
    const config = readConfig(environment());
    expect(config).toMatchObject({
      secretId: 'relay/bot',
      ledgerTable: 'ledger',
      bucketNames: ['example-uploads', 'example-scans'],
      maxReceiveCount: 1_000,
    });
    expect(config.rocketChatUrl.href).toBe('https://chat.example.com/team');
    expect(config.settings).toEqual({
      routes: [{ room: '#general' }],
      retryForHours: 24,
      filesAtOnce: 5,
      queueRetentionDays: 14,
      ledgerRetentionDays: 365,
      confirmAgainAfterSeconds: 90,
    });
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'https://10.0.0.1'])(
    'accepts %s as the URL of the chat server',
    (url) => {
      settings('{"routes":[{"room":"R"}]}');
      expect(readConfig(environment({ ROCKET_CHAT_URL: url })).rocketChatUrl.origin).toBe(url);
    },
  );

  it.each([
    'http://chat.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'ftp://chat.example.com',
    'chat.example.com',
    'no url',
  ])('refuses %s as the URL of the chat server', (url) => {
    settings('{"routes":[{"room":"R"}]}');
    expect(faultsOf(environment({ ROCKET_CHAT_URL: url }))).toMatch(/ROCKET_CHAT_URL must be an https URL/);
  });

  it('reads the optional variables', () => {
    settings('{"routes":[{"room":"R"}]}');
    expect(readConfig(environment())).toMatchObject({ rocketChatProxyUrl: undefined, isTracing: false });
    const optional = { ROCKET_CHAT_PROXY_URL: 'http://user:p%40ss@proxy.acme.test:3128', RELAY_TRACING: '1' };
    const config = readConfig(environment(optional));
    expect(config).toMatchObject({ rocketChatProxyUrl: { host: 'proxy.acme.test:3128' }, isTracing: true });
    expect(readConfig(environment({ ROCKET_CHAT_PROXY_URL: '' })).rocketChatProxyUrl).toBeUndefined();
  });

  it('reads the number of receives after which SQS moves a message', () => {
    settings('{"routes":[{"room":"R"}]}');
    expect(readConfig(environment({ MAX_RECEIVE_COUNT: '990' })).maxReceiveCount).toBe(990);
    for (const count of ['0', '-1', '1.5', 'many']) {
      expect(faultsOf(environment({ MAX_RECEIVE_COUNT: count }))).toContain('MAX_RECEIVE_COUNT must be a whole number');
    }
  });

  it.each(['proxy.acme.test:3128', 'socks5://user:secret@proxy.acme.test', 'http://user:secret@'])(
    'refuses the proxy %s and does not quote it',
    (proxy) => {
      settings('{"routes":[{"room":"R"}]}');
      const faults = faultsOf(environment({ ROCKET_CHAT_PROXY_URL: proxy }));
      expect(faults).toMatch(/ROCKET_CHAT_PROXY_URL must be a URL such as/);
      expect(faults).not.toMatch(/secret|acme/);
    },
  );

  it('reports all faults in one error', () => {
    settings('{"routes":[{"room":"#a b"},{"prefix":"x*"}],"filesAtOnce":0,"retryForHours":"long","unknown":1}');
    const faults = faultsOf(environment({ ROCKET_CHAT_URL: 'nonsense', LEDGER_TABLE: undefined, QUEUE_URL: '' }));
    for (const fault of [
      'ROCKET_CHAT_URL must be',
      'LEDGER_TABLE is not set',
      'QUEUE_URL is not set',
      'routes.0.room must be a room id',
      'routes.1.prefix must be literal',
      'routes.1 must have exactly one of room, rooms, roomFrom and ignore',
      'filesAtOnce must be at least 1 files',
      'retryForHours must be a number of hours',
      'unknown',
    ]) {
      expect(faults).toContain(fault);
    }
  });

  it("reads the region and the role's credentials", () => {
    settings('{"routes":[{"room":"#general"}]}');
    expect(readConfig(environment()).aws).toEqual({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      endpoints: { s3: undefined, dynamodb: undefined, sqs: undefined, secretsManager: undefined },
    });
    expect(readConfig(environment({ AWS_SESSION_TOKEN: 'session' })).aws.credentials.sessionToken).toBe('session');
  });

  it("reads the AWS SDKs' variables for endpoints", () => {
    settings('{"routes":[{"room":"#general"}]}');
    const { aws } = readConfig(
      environment({
        AWS_USE_FIPS_ENDPOINT: 'true',
        AWS_USE_DUALSTACK_ENDPOINT: 'TRUE',
        AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
        AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:2',
        AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:3',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:4',
      }),
    );
    expect(aws).toMatchObject({
      useFipsEndpoint: true,
      useDualstackEndpoint: true,
      endpoints: {
        s3: 'http://127.0.0.1:1',
        dynamodb: 'http://127.0.0.1:2',
        sqs: 'http://127.0.0.1:3',
        secretsManager: 'http://127.0.0.1:4',
      },
    });
    const others = { AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: '', AWS_ENDPOINT_URL_S3: '' };
    expect(readConfig(environment(others)).aws).toEqual(readConfig(environment()).aws);
  });

  it('reports every missing variable', () => {
    const faults = faultsOf({});
    for (const name of [
      'ROCKET_CHAT_URL',
      'ROCKET_CHAT_SECRET_ID',
      'LEDGER_TABLE',
      'QUEUE_URL',
      'DEAD_LETTER_QUEUE_URL',
      'BUCKET_NAMES',
      'MAX_RECEIVE_COUNT',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'relay.json',
    ]) {
      expect(faults).toContain(name);
    }
  });

  it.each(['', '{', '[]', 'null', '{}', '{"routes":[]}'])('refuses the settings %j', (text) => {
    settings(text);
    expect(faultsOf(environment())).toMatch(/^the relay can't start: .*relay\.json/);
  });

  it('reports a missing settings file', () => {
    expect(faultsOf(environment())).toMatch(/relay\.json can't be read: ENOENT/);
  });

  it('refuses a route that matches no object', () => {
    settings('{"routes":[{"room":"R","minSizeBytes":10,"maxSizeBytes":5}]}');
    expect(faultsOf(environment())).toContain('routes.0.maxSizeBytes must not be smaller than minSizeBytes');
  });
});
