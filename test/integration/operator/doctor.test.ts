import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { CHECK_NAMES } from '../../../lib/operator/doctor/check-names.ts';
import { CHECKS } from '../../../lib/operator/doctor/checks.ts';
import { type OperatorWorld, runCommand, startOperatorWorld } from '../../helpers/operator.ts';

let world: OperatorWorld;
let chat: ChatServer;
let folder: string;
beforeAll(async () => {
  world = await startOperatorWorld();
  chat = world.relay.chat as ChatServer;
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
beforeEach(() => chat.faults.clear());
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const checksOf = (records: Record<string, unknown>[]) => records.filter(({ check }) => check !== undefined);

describe('relay doctor --local', () => {
  it('finds a running relay healthy, prints one line a check and a verdict, and exits with 0', async () => {
    const { exitCode, stdout, stderr } = await world.run(['doctor', '--local', '--probe']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(CHECKS.length + 1);
    expect(lines).toContainEqual(expect.stringMatching(/^ok +rooms +#general takes files$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ok +body-limit +2 MiB get through$/));
    expect(lines).toContainEqual(expect.stringMatching(/^skipped +alarms +the embedded relay has none$/));
    expect(lines.at(-1)).toMatch(/^Healthy: \d+ are ok, \d+ were skipped\.$/);
  });

  it('prints what is wrong, why it matters and what mends it, and exits with 1', async () => {
    chat.settings.FileUpload_Enabled = false;
    const { exitCode, stdout } = await world.run(['doctor', 'uploads', 'version', '--local']);
    chat.settings.FileUpload_Enabled = true;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^ok +version .*\nproblem +uploads +they are off\n +File uploads are turned off on the server\.\n +why: {2}Files wait .*\n +mend: turn FileUpload_Enabled on .*\nNot healthy: 1 check has problems, 1 is ok\.\n$/,
    );
  });

  it('finds a dead letter, an upload of Rocket.Chat in the bucket and a secret without a token', async () => {
    const { clients, bucket, deadLetterQueueUrl, secretsManager } = world.relay;
    const key = '12345678-1234-1234-1234-123456789abc/uploads/GENERAL/AbCdEfGhJkMnPqRst/AbCdEfGhJkMnPqRst';
    await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' }));
    const reason = { DataType: 'String', StringValue: 'FILE_TOO_LARGE' };
    await clients.sqs.send(
      new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: '{}', MessageAttributes: { reason } }),
    );
    secretsManager.setSecret('placeholder');
    const { exitCode, records } = await world.run(['doctor', '--local', '--only', 'aws', '--json']);
    secretsManager.setSecret(JSON.stringify({ userId: chat.userId, authToken: chat.authToken }));
    expect(exitCode).toBe(1);
    const mends = checksOf(records())
      .filter(({ status }) => status === 'problem')
      .map(({ check, findings }) => [check, (findings as { mend: string }[])[0]?.mend]);
    expect(mends).toEqual([
      ['secret', 'npx relay credentials --local'],
      ['dead-letters', expect.stringContaining('npx relay dead-letters list --local')],
      ['loop', expect.stringContaining('FileUpload_S3_Bucket')],
    ]);
    // Visible or, in this emulator until the next call, hidden: it was not removed.
    const { ready, inFlight } = await world.relay.countMessages('dead-letters');
    expect(ready + inFlight).toBe(1);
  });

  it('lists every check with --list, and runs none', async () => {
    const before = chat.calls.length;
    const { exitCode, records } = await world.run(['doctor', '--list', '--json']);
    expect(exitCode).toBe(0);
    expect(records().map(({ name }) => name)).toEqual(CHECKS.map(({ name }) => name));
    expect(chat.calls).toHaveLength(before);
  });

  it.each([
    ['an unknown check', ['doctor', 'rooom', '--local'], 'Allowed choices are server, version, token'],
    ['a probe that is not a number', ['doctor', '--local', '--probe', 'big'], '--probe is "big"'],
    ['no relay', ['doctor'], 'Give --stack NAME or --local'],
    ['--config with --local', ['doctor', '--config', 'cdk.json', '--local'], 'cannot be used with'],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await world.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('relay doctor --config', () => {
  const config = (relay: unknown): string => {
    const path = join(folder, 'cdk.json');
    writeFileSync(path, JSON.stringify({ context: { relay } }));
    return path;
  };
  const token = () => ({ ROCKETCHAT_USER_ID: chat.userId, ROCKETCHAT_AUTH_TOKEN: chat.authToken });

  it('checks the server and the rooms of a cdk.json before the deployment', async () => {
    const file = config({ rocketChatUrl: chat.url, routes: [{ room: '#general' }, { room: '#missing' }], vpc: {} });
    const { exitCode, records } = await runCommand(['doctor', '--config', file, '--json'], { env: token() });
    expect(exitCode).toBe(1);
    const statuses = Object.fromEntries(checksOf(records()).map(({ check, status }) => [check, status]));
    expect(statuses).toMatchObject({
      server: 'ok',
      token: 'ok',
      rooms: 'problem',
      outputs: 'skipped',
      secret: 'skipped',
    });
  });

  it.each([
    ['the file has no routes', () => config({ rocketChatUrl: 'https://a.org' }), 'relay.routes'],
    ['the file is missing', () => join(folder, 'missing.json'), "missing.json can't be read"],
  ])('exits with 2 if %s', async (_, file, message) => {
    const { exitCode, stderr } = await runCommand(['doctor', '--config', file()], { env: token() });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  it('exits with 2 and names the variables if the token is not in the environment', async () => {
    const file = config({ rocketChatUrl: chat.url, routes: [{ room: '#general' }] });
    const { exitCode, stderr } = await runCommand(['doctor', '--config', file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN');
  });
});

describe('the list of checks', () => {
  it('has the same names in the help as in the doctor', () => {
    expect(CHECK_NAMES).toEqual(CHECKS.map(({ name }) => name));
  });
});
