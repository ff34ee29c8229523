import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { type OperatorWorld, startOperatorWorld } from '../../helpers/operator.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NEW_TOKEN = 'new-token-that-nobody-may-see-4711';

let world: OperatorWorld;
let chat: ChatServer;
beforeEach(async () => {
  world = await startOperatorWorld();
  chat = world.relay.chat as ChatServer;
});
const killed: (() => unknown)[] = [];
afterEach(async () => {
  for (const kill of killed.splice(0)) kill();
  await world.close();
});

/** Creates a second personal access token of the bot; the first one stays valid. */
const createToken = (authToken = NEW_TOKEN): string => {
  chat.addUser({ id: chat.userId, username: 'relay.bot', authToken });
  return JSON.stringify({ userId: chat.userId, authToken });
};

const secretAt = async (VersionStage?: string): Promise<unknown> => {
  const { endpoints, region, credentials, secretId } = world.relay;
  const client = new SecretsManagerClient({ endpoint: endpoints.secretsManager, region, credentials });
  const answer = await client
    .send(new GetSecretValueCommand({ SecretId: secretId, VersionStage }))
    .catch(() => undefined);
  return answer?.SecretString === undefined ? undefined : JSON.parse(answer.SecretString);
};

const post = async (key: string): Promise<void> => {
  const { clients, bucket } = world.relay;
  await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'content' }));
  await world.relay.settled();
};
const outcomes = () => world.relay.deliveries.map(({ key, outcome }) => `${key} ${outcome}`);

describe('relay credentials', () => {
  it('checks the token and stores it as the current version of the secret', async () => {
    const { exitCode, stdout, stderr } = await world.run(['credentials', '--local'], { input: createToken() });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /^stored {2}the token of relay\.bot is the current version of the secret of the embedded relay\./,
    );
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: NEW_TOKEN });
    expect(await secretAt('AWSPREVIOUS')).toEqual({ userId: chat.userId, authToken: chat.authToken });
  });

  it('stores nothing and exits with 1 if the server refuses the token', async () => {
    const input = JSON.stringify({ userId: chat.userId, authToken: 'wrong-token-0815' });
    const { exitCode, stdout, stderr } = await world.run(['credentials', '--local'], { input });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('Nothing was stored');
    expect(stderr).toContain('refuses the user id and the token');
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: chat.authToken });
  });

  it('stores a token that it cannot check with --no-check', async () => {
    const input = JSON.stringify({ userId: chat.userId, authToken: 'unchecked-token' });
    const { exitCode } = await world.run(['credentials', '--no-check', '--local'], { input });
    expect(exitCode).toBe(0);
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: 'unchecked-token' });
  });

  it.each([
    ['nothing', ''],
    ['text that is not JSON', NEW_TOKEN],
    ['a token with a space in it', `{"userId":"a","authToken":"a ${NEW_TOKEN}"}`],
  ])('exits with 2 and does not repeat the input if stdin holds %s', async (_, input) => {
    const { exitCode, stdout, stderr } = await world.run(['credentials', '--local'], { input });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('stdin is not a terminal, so it must hold');
    expect(stderr).not.toContain(NEW_TOKEN);
  });

  it('does not take the token as an argument', async () => {
    const { exitCode } = await world.run(['credentials', NEW_TOKEN, '--local']);
    expect(exitCode).toBe(2);
  });
});

describe('relay credentials --rotate', () => {
  it('replaces the token without a delivery that fails', async () => {
    await post('before.txt');
    const { exitCode, stdout } = await world.run(['credentials', '--rotate', '--local'], { input: createToken() });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('The old token still works. Revoke it now');
    await post('both-valid.txt');
    const [bot] = chat.users();
    if (bot !== undefined) bot.authToken = 'revoked';
    await post('after.txt');
    expect(outcomes()).toEqual(['before.txt posted', 'both-valid.txt posted', 'after.txt posted']);
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: NEW_TOKEN });
    expect(await secretAt('AWSPENDING')).toBeUndefined();
  });

  it('finishes a rotation that was interrupted, without asking for a token', async () => {
    world.relay.secretsManager.setSecret(createToken(), 'AWSPENDING');
    const { exitCode, stdout } = await world.run(['credentials', '--rotate', '--local']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('An earlier rotation was not finished');
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: NEW_TOKEN });
    expect(await secretAt('AWSPENDING')).toBeUndefined();
  });

  it('asks for another token if the one of an interrupted rotation is refused', async () => {
    world.relay.secretsManager.setSecret(
      JSON.stringify({ userId: chat.userId, authToken: 'never-valid' }),
      'AWSPENDING',
    );
    const { exitCode, stderr } = await world.run(['credentials', '--rotate', '--local'], { input: createToken() });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('the server refuses its token');
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: NEW_TOKEN });
  });
});

describe('the token', () => {
  it('is in no output, argument or environment while it is typed, checked and stored', async () => {
    createToken();
    chat.faults.next('me', { kind: 'delay', delayMs: 1_500 });
    // `script` gives the command a terminal and records what it shows.
    const command = `stty cols 80 rows 24; "${process.execPath}" bin/relay.ts credentials --local`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], TERM: 'xterm', ...world.env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    killed.push(() => child.kill('SIGKILL'));
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      shown += text;
    });
    const ended = once(child, 'close');
    await expect.poll(() => shown).toContain("The bot's user id");
    child.stdin.write('\r');
    await expect.poll(() => shown).toContain('Its personal access token');
    child.stdin.write(NEW_TOKEN);
    await expect.poll(() => shown.match(/\*/g)?.length ?? 0).toBeGreaterThan(NEW_TOKEN.length - 1);
    child.stdin.write('\r');
    await expect.poll(() => chat.calls.some(({ name }) => name === 'me')).toBe(true);
    const processes = everyProcess();
    const [exitCode] = await ended;

    expect(exitCode).toBe(0);
    expect(processes.some((text) => text.includes('credentials'))).toBe(true);
    for (const text of [...processes, shown]) expect(text).not.toContain(NEW_TOKEN);
    expect(await secretAt()).toEqual({ userId: chat.userId, authToken: NEW_TOKEN });
  });

  it('is in no output of send and doctor, whether they succeed or fail', async () => {
    chat.faults.use(({ name }) => (name === 'mediaConfirm' ? { kind: 'failure' } : undefined));
    const commands = [
      ['send', 'README.md', '--room', '#general', '--local'],
      ['send', 'README.md', '--room', '#nowhere', '--local', '--json'],
      ['doctor', '--local', '--json', '--probe'],
      ['doctor', '--config', 'cdk.json', '--only', 'server'],
    ];
    const env = { ROCKETCHAT_USER_ID: chat.userId, ROCKETCHAT_AUTH_TOKEN: chat.authToken };
    for (const args of commands) {
      const { stdout, stderr } = await world.run(args, { env });
      expect(stdout).not.toBe('');
      expect(stdout + stderr).not.toContain(chat.authToken);
    }
  });
});

/** The arguments and environment of every process of this user. */
const everyProcess = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readIfThere(`/proc/${pid}/${file}`)));

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};
