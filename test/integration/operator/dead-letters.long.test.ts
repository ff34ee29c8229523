import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { type OperatorWorld, startOperatorWorld } from '../../helpers/operator.ts';

// The command runs in processes of its own against the embedded relay, whose dead letters the function's bundle writes.

let world: OperatorWorld;
let chat: ChatServer;
let folder: string;
beforeEach(async () => {
  world = await startOperatorWorld();
  chat = world.relay.chat as ChatServer;
  folder = mkdtempSync(join(tmpdir(), 'letters-'));
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const put = async (...keys: string[]) => {
  for (const key of keys) {
    const ContentType = key.endsWith('.svg') ? 'image/svg+xml' : 'text/plain';
    await world.relay.clients.s3.send(
      new PutObjectCommand({ Bucket: world.relay.bucket, Key: key, Body: `content of ${key}`, ContentType }),
    );
  }
  await world.relay.settled();
};
const letters = async () => (await world.relay.peekDeadLetters()).length;
const posted = () => chat.messages('general').map(({ msg }) => msg);
const allow = () => (chat.settings.FileUpload_MediaTypeBlackList = '');

describe('relay dead-letters', () => {
  it('lists every letter once with --json, and leaves all of them visible', async () => {
    await put('a.svg', 'b.svg', 'reports/c.svg', 'fine.txt');
    const { exitCode, records, stderr } = await world.run(['dead-letters', 'list', '--local', '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(records()).toHaveLength(3);
    expect(
      records()
        .map(({ objects }) => (objects as { key: string }[])[0]?.key)
        .sort(),
    ).toEqual(['a.svg', 'b.svg', 'reports/c.svg']);
    expect(records()[0]).toMatchObject({ reason: 'MEDIA_TYPE_REFUSED', roomId: 'GENERAL', isMovedBySqs: false });
    expect(await letters()).toBe(3);
  });

  it('lists tab-separated lines in a pipe, of the letters that the filters select', async () => {
    await put('a.svg', 'reports/c.svg');
    const args = [
      '--key',
      'reports/**',
      '--reason',
      'EMPTY_FILE,MEDIA_TYPE_REFUSED',
      '--room',
      '#general',
      '--since',
      '1h',
    ];
    const { stdout } = await world.run(['dead-letters', 'list', '--local', ...args]);
    expect(stdout).toMatch(/^[0-9a-f]{8}\t[^\t]+\tMEDIA_TYPE_REFUSED\t#general\treports\/c\.svg\n$/);
    const none = await world.run(['dead-letters', 'list', '--local', '--until', '1h']);
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('shows a letter by the beginning of its id, and exits with 1 if there is none', async () => {
    await put('a.svg');
    const [letter] = await world.relay.peekDeadLetters();
    const id = letter?.messageId.slice(0, 8) ?? '';
    const shown = await world.run(['dead-letters', 'show', id, '--local']);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('s3://uploads/a.svg (16 bytes)');
    expect(shown.stdout).toContain('MEDIA_TYPE_REFUSED');
    const missing = await world.run(['dead-letters', 'show', 'ffffffff-no', '--local']);
    expect(missing).toMatchObject({ exitCode: 1, stderr: 'No dead letter has the id ffffffff-no.\n' });
  });

  it('exports to a new file that only the user can read, and not over an existing one', async () => {
    await put('a.svg', 'b.svg');
    const path = join(folder, 'letters.jsonl');
    const exported = await world.run(['dead-letters', 'export', path, '--local']);
    expect(exported).toMatchObject({ exitCode: 0, stdout: `2 dead letters are in ${path}.\n` });
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(JSON.parse(line).body).Records[0].s3.object.key).sort()).toEqual([
      'a.svg',
      'b.svg',
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await world.run(['dead-letters', 'export', path, '--local']);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('exists already');
    expect(await letters()).toBe(2);
  });

  it('says that letters are hidden from it while another command looks at them', async () => {
    await put('a.svg', 'b.svg');
    await world.relay.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: world.relay.deadLetterQueueUrl, VisibilityTimeout: 600 }),
    );
    const { stdout, stderr } = await world.run(['dead-letters', 'list', '--local']);
    expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(1);
    expect(stderr).toContain('About 1 more dead letters are hidden');
  });
});

describe('relay redrive', () => {
  it('shows a plan and changes nothing without --execute', async () => {
    await put('a.svg', 'b.svg');
    allow();
    const { exitCode, stdout } = await world.run(['redrive', '--local']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2 dead letters to send back to the uploads queue.');
    expect(stdout).toContain('Repeat the command with --execute');
    await world.relay.settled();
    expect({ letters: await letters(), posted: posted() }).toEqual({ letters: 2, posted: [] });
  });

  it('sends the selected letters back with --execute; their objects are posted once', async () => {
    await put('a.svg', 'b.svg', 'keep.svg');
    allow();
    const { exitCode, records } = await world.run(['redrive', '--key', '?.svg', '--execute', '--local', '--json']);
    expect(exitCode).toBe(0);
    expect(
      records()
        .filter(({ event }) => event === 'redriven')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['a.svg', 'b.svg']);
    expect(records().at(-1)).toEqual({
      event: 'done',
      sent: 2,
      failed: 0,
      undeleted: 0,
      newer: 0,
      kept: false,
      stopped: false,
    });
    await world.relay.settled();
    expect(posted().sort()).toEqual(['`a.svg`', '`b.svg`']);
    expect(await letters()).toBe(1);
  });

  it('leaves the letters with --keep, and a second redrive of them posts nothing', async () => {
    await put('a.svg');
    allow();
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, stdout } = await world.run(['redrive', '--keep', '--execute', '--local']);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: 'Sent back to the uploads queue: 1 dead letter, kept in the dead-letter queue too.\n',
      });
      await world.relay.settled();
    }
    expect({ letters: await letters(), posted: posted() }).toEqual({ letters: 1, posted: ['`a.svg`'] });
  });

  it('ends although the objects fail again, and leaves their new letters', async () => {
    await put('a.svg', 'b.svg', 'c.svg');
    const { exitCode, records } = await world.run(['redrive', '--execute', '--local', '--json', '--rate', '3']);
    expect(exitCode).toBe(0);
    expect(Number(records().at(-1)?.['sent'])).toBeGreaterThanOrEqual(3);
    await world.relay.settled();
    expect({ letters: await letters(), posted: posted() }).toEqual({ letters: 3, posted: [] });
  });

  it('sends a letter back that SQS moved itself, and lets its object be retried for the whole time again', async () => {
    // The function crashed with this object and was retried for a day; then SQS moved its message, without attributes.
    const { sqs, s3, dynamodb } = world.relay.clients;
    expect((await world.run(['pause', '--local'])).exitCode).toBe(0);
    await s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'a.txt', Body: 'a' }));
    await expect.poll(async () => (await world.relay.countMessages('uploads')).ready).toBe(1);
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: world.relay.queueUrl }));
    const body = message?.Body ?? '';
    await sqs.send(new DeleteMessageCommand({ QueueUrl: world.relay.queueUrl, ReceiptHandle: message?.ReceiptHandle }));
    await sqs.send(new SendMessageCommand({ QueueUrl: world.relay.deadLetterQueueUrl, MessageBody: body }));
    const sequencer = JSON.parse(body).Records[0].s3.object.sequencer;
    const Key = { pk: { S: 'uploads/a.txt' }, sk: { S: `${sequencer.padEnd(32, '0')}#GENERAL` } };
    const entry = {
      status: 'claimed',
      roomId: 'GENERAL',
      retriedForMs: 86_400_000,
      failures: 30,
      attempts: 30,
      releases: 5,
    };
    await dynamodb.send(
      new PutItemCommand({ TableName: world.relay.ledgerTable, Item: { ...Key, ...marshall(entry) } }),
    );
    const listed = await world.run(['dead-letters', 'list', '--local']);
    expect(listed.stdout).toMatch(/\tABANDONED\t\ta\.txt\n$/);

    chat.faults.next('media', { kind: 'answer', status: 503 }, { times: 50 });
    expect((await world.run(['redrive', '--execute', '--local'])).exitCode).toBe(0);
    expect((await world.run(['resume', '--local'])).exitCode).toBe(0);
    await expect.poll(() => world.relay.deliveries.map(({ outcome }) => outcome)).toContain('retrying');
    const get = new GetItemCommand({ TableName: world.relay.ledgerTable, Key, ConsistentRead: true });
    const { retriedForMs, attempts, releases } = unmarshall((await dynamodb.send(get)).Item ?? {});
    expect(retriedForMs).toBeLessThan(3_600_000);
    expect(attempts - releases).toBeLessThan(5);
    expect(await letters()).toBe(0);
  });

  it('sends an object once that fails again in the second in which the command begins', async () => {
    await put('a.svg');
    const { exitCode, records } = await world.run(['redrive', '--execute', '--local', '--json']);
    expect(exitCode).toBe(0);
    expect(records().at(-1)).toMatchObject({ event: 'done', sent: 1 });
    await world.relay.settled();
    expect(world.relay.deliveries.map(({ outcome }) => outcome)).toEqual(['dead-lettered', 'dead-lettered']);
    expect(await letters()).toBe(1);
  });

  it('copies the attributes of a letter, which the function needs to accept the redrive', async () => {
    await put('a.svg');
    const [letter] = await world.relay.peekDeadLetters();
    allow();
    chat.faults.next('media', { kind: 'answer', status: 503 }, { times: 50 });
    expect((await world.run(['redrive', '--execute', '--local'])).exitCode).toBe(0);
    await expect
      .poll(() => world.relay.deliveries.map(({ outcome }) => outcome))
      .toEqual(['dead-lettered', 'retrying']);
    expect(letter?.messageAttributes['failedAt']).toBeDefined();
  });
});

describe('relay discard', () => {
  const confirm = ['--execute', '--yes', 'relay-dead-letters'];

  it('deletes the selected letters after it has written them to a file', async () => {
    await put('a.svg', 'b.svg');
    const path = join(folder, 'gone.jsonl');
    const { exitCode, records } = await world.run([
      'discard',
      '--key',
      'a.svg',
      '--file',
      path,
      ...confirm,
      '--local',
      '--json',
    ]);
    expect({ exitCode, records: records() }).toEqual({
      exitCode: 0,
      records: [{ event: 'done', discarded: 1, failed: 0, file: path, stopped: false }],
    });
    const [line, ...rest] = readFileSync(path, 'utf8').trim().split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({ reason: 'MEDIA_TYPE_REFUSED', objects: [{ key: 'a.svg' }] });
    expect({ rest, letters: await letters() }).toEqual({ rest: [], letters: 1 });
  });

  it.each([
    ['no letters are selected', ['discard', ...confirm], 'Which letters?'],
    ['--all is combined with a filter', ['discard', '--all', '--key', 'a', ...confirm], '--all takes no ids'],
    [
      'another queue is named',
      ['discard', '--all', '--execute', '--yes', 'other'],
      "queue's name is relay-dead-letters",
    ],
    ['nobody can be asked for the name', ['discard', '--all', '--execute'], 'confirm with --yes relay-dead-letters'],
  ])('exits with 2 and deletes nothing if %s', async (_, args, message) => {
    await put('a.svg');
    const { exitCode, stdout, stderr } = await world.run([...args, '--local'], { cwd: folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(await letters()).toBe(1);
  });
});
