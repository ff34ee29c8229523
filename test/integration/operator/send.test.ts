import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { localFilePath } from '../../../lib/operator/target/local-file.ts';
import { type OperatorWorld, runCommand, startOperatorWorld } from '../../helpers/operator.ts';

let world: OperatorWorld;
let chat: ChatServer;
let folder: string;
beforeAll(async () => {
  world = await startOperatorWorld({
    chatServer: {
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'RO', name: 'news', readOnly: true },
      ],
    },
  });
  chat = world.relay.chat as ChatServer;
  folder = mkdtempSync(join(tmpdir(), 'send-'));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('relay send', () => {
  it('posts a file as the function would, byte for byte', async () => {
    const content = randomBytes(3_000_000);
    const path = file('Größe 100%.bin', content);
    const { exitCode, records, stderr } = await world.run(['send', path, '--room', '#general', '--local', '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [record] = records();
    expect(record).toEqual({
      event: 'posted',
      file: path,
      room: '#general',
      roomId: 'GENERAL',
      messageId: expect.any(String),
      sizeBytes: 3_000_000,
    });
    const message = chat.messages('GENERAL').find(({ _id }) => _id === record?.['messageId']);
    expect(message?.msg).toBe('`Größe 100%.bin`');
    const stored = chat.files().find(({ id }) => id === message?.file?._id);
    expect(stored).toMatchObject({
      name: 'Größe 100%.bin',
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  });

  it('posts the other files if one is refused, says why, and exits with 1', async () => {
    const [good, bad] = [file('good.txt', 'good'), file('drawing.svg', '<svg/>')];
    const args = ['send', bad, good, '--room', 'general', '--caption', 'for you: {fileName}', '--local'];
    const { exitCode, stdout } = await world.run(args);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^failed {2}drawing\.svg 6 B MEDIA_TYPE_REFUSED: .*\nposted {2}good\.txt 4 B to general as message \w+\n$/,
    );
    expect(chat.messages('GENERAL').at(-1)?.msg).toBe('for you: `good.txt`');
  });

  it('says that a room is read-only before it uploads anything', async () => {
    const before = chat.files().length;
    const { exitCode, stdout } = await world.run(['send', file('a.txt', 'a'), '--room', '#news', '--local']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('ROOM_UNAVAILABLE: the room RO is read-only; allow the user to post there');
    expect(chat.files()).toHaveLength(before);
  });

  it.each([
    ['no relay is selected', ['README.md', '--room', 'general'], 'Give --stack NAME or --local'],
    [
      'two relays are selected',
      ['README.md', '--room', 'general', '--local', '--stack', 'A'],
      "cannot be used with option '--local'",
    ],
    ['no room is given', ['README.md', '--local'], '--room <NAME_OR_ID>'],
    ['a file does not exist', ['missing.txt', '--room', 'general', '--local'], 'missing.txt does not exist'],
    [
      'an option is unknown',
      ['README.md', '--room', 'general', '--caption', 'a', '--captoin', 'b', '--local'],
      "unknown option '--captoin'",
    ],
  ])('exits with 2 if %s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await world.run(['send', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('exits with 1 and says how to start the embedded relay if none runs', async () => {
    const { exitCode, stderr } = await runCommand(['send', 'README.md', '--room', 'general', '--local'], {
      env: { XDG_RUNTIME_DIR: folder },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no embedded relay of this user is running');
    expect(stderr).toContain('npm start');
  });
});

describe('the file by which commands find the embedded relay', () => {
  it('can be read by the user alone, and does not contain the chat token', () => {
    const path = localFilePath(world.env);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(readFileSync(path, 'utf8')).not.toContain(chat.authToken);
  });
});
