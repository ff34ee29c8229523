import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Env, SETTINGS_FILE } from '../../lambdas/relay/names.ts';
import { bundleRelay } from '../../lib/infra/function/bundle.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { withApp } from './synthesise.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('bundleRelay builds one CommonJS file, and the same sources give the same bytes', async () => {
  const [first, second] = [await bundleRelay(join(folder, 'a')), await bundleRelay(join(folder, 'b'))];
  const code = readFileSync(first.file, 'utf8');
  expect(readdirSync(join(folder, 'a')).sort()).toEqual(['index.js', 'package.json']);
  expect(first.sizeBytes).toBe(Buffer.byteLength(code));
  expect(sha256(readFileSync(second.file, 'utf8'))).toBe(sha256(code));
  expect(code).toContain('exports.handler=');
  expect(code).not.toContain(process.cwd());
});

it('the bundle loads in a folder that contains only the settings besides it', async () => {
  const task = join(folder, 'task');
  await bundleRelay(task);
  const settings = JSON.stringify({ routes: [{ room: '#general' }] });
  writeFileSync(join(task, SETTINGS_FILE), settings);
  const urls = Object.fromEntries(Object.values(Env).map((name) => [name, 'https://queue.acme.test/1']));
  const variables = { ...urls, [Env.MaxReceiveCount]: '1000' };
  const role = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const env = { ...variables, ...role, LAMBDA_TASK_ROOT: task };
  const program = `process.stdout.write(typeof require('./index.js').handler)`;
  expect(execFileSync(process.execPath, ['-e', program], { cwd: task, env, encoding: 'utf8' })).toBe('function');
});

it('the deployed files can be read by every user, also if the umask of the deploying machine is 077', () => {
  const umask = process.umask(0o077);
  try {
    withApp((app) => {
      const stack = new Stack(app, 'Mine');
      const certificateAuthority = readFileSync(join(import.meta.dirname, 'authority.pem'), 'utf8');
      const settings = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#umask' }] };
      new RocketChatRelay(stack, 'Relay', { ...settings, certificateAuthority });
      const { directory } = app.synth();
      const asset = readdirSync(directory).find((name) => existsSync(join(directory, name, SETTINGS_FILE))) ?? 'none';
      const modeOf = (name: string) => (statSync(join(directory, asset, name)).mode & 0o777).toString(8);
      expect(modeOf('.')).toBe('755');
      expect(readdirSync(join(directory, asset)).map((name) => [name, modeOf(name)])).toEqual([
        ['ca.pem', '644'],
        ['index.js', '644'],
        ['package.json', '644'],
        [SETTINGS_FILE, '644'],
      ]);
    });
  } finally {
    process.umask(umask);
  }
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
