import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsSchema } from '../../../../lambdas/relay/domain/settings.ts';
import { createRunFolder, removeRunFolder } from '../../../../lib/local/run-folder.ts';
import { localFilePath, readLocalFile, writeLocalFile } from '../../../../lib/operator/target/local-file.ts';

let env: { XDG_RUNTIME_DIR: string };
beforeEach(() => {
  env = { XDG_RUNTIME_DIR: mkdtempSync(join(tmpdir(), 'local-file-')) };
});
afterEach(() => rmSync(env.XDG_RUNTIME_DIR, { recursive: true, force: true }));

const endpoint = 'http://127.0.0.1:4566';
const RELAY = {
  region: 'us-east-1',
  endpoints: {
    s3: endpoint,
    sqs: endpoint,
    dynamodb: endpoint,
    secretsManager: endpoint,
    lambda: endpoint,
    logs: endpoint,
  },
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  bucket: 'uploads',
  queueUrl: `${endpoint}/0/uploads`,
  deadLetterQueueUrl: `${endpoint}/0/dead-letters`,
  ledgerTable: 'ledger',
  secretId: 'secret',
  rocketChatUrl: 'http://127.0.0.1:3000',
  settings: v.parse(SettingsSchema, { routes: [{ room: '#general' }] }),
};

/** Puts text where `npm start` puts its file. */
const plant = (text: string, mode = 0o600): void => {
  mkdirSync(dirname(localFilePath(env)), { recursive: true, mode: 0o700 });
  writeFileSync(localFilePath(env), text, { mode });
  chmodSync(localFilePath(env), mode);
};

describe('the file of the embedded relay', () => {
  it('is read as it was written, and is removed at the end', () => {
    const remove = writeLocalFile(env, RELAY, env.XDG_RUNTIME_DIR);
    expect(readLocalFile(env)).toEqual({ pid: process.pid, ...RELAY });
    remove();
    expect(existsSync(localFilePath(env))).toBe(false);
  });

  it('is not removed by a relay that another one has replaced', () => {
    const remove = writeLocalFile(env, RELAY, env.XDG_RUNTIME_DIR);
    const others = JSON.stringify({ ...RELAY, pid: 1 });
    plant(others);
    remove();
    expect(readLocalFile(env)).toMatchObject({ pid: 1 });
  });

  it('is in the folder of the run without XDG_RUNTIME_DIR, and is that of the run which started last', () => {
    const folders = [createRunFolder(), createRunFolder()];
    try {
      for (const [index, folder] of folders.entries()) {
        writeLocalFile({}, { ...RELAY, bucket: `bucket-${index}` }, folder);
        utimesSync(join(folder, 'embedded-relay.json'), 1_000, 4_000_000_000 + index);
      }
      expect(readLocalFile({}).bucket).toBe('bucket-1');
    } finally {
      for (const folder of folders) removeRunFolder(folder);
    }
    expect(localFilePath({})).not.toContain(folders[1]);
  });

  it.each([
    ['it is missing', () => {}, 'does not exist'],
    ['its process has ended', () => plant(JSON.stringify({ ...RELAY, pid: 2 ** 22 + 1 })), 'has ended'],
    [
      'other users can read it',
      () => plant(JSON.stringify({ ...RELAY, pid: process.pid }), 0o644),
      'can be read by others',
    ],
    ['another version has written it', () => plant('{"pid":1}'), 'is not the file of this version'],
    ['it is not JSON', () => plant('{'), 'is not the file of this version'],
  ])('is refused with an explanation if %s', (_, arrange, message) => {
    arrange();
    expect(() => readLocalFile(env)).toThrow(message);
  });

  it('is not written into a folder that others can read', () => {
    mkdirSync(dirname(localFilePath(env)), { mode: 0o755 });
    expect(() => writeLocalFile(env, RELAY, env.XDG_RUNTIME_DIR)).toThrow('can be read by others');
  });
});
