import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'synth-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `cdk synth` as an operator does. */
const cdkSynth = (name: string, ...context: string[]): Promise<{ code: number; text: string; output: string }> => {
  const output = join(folder, name);
  const args = ['synth', '--quiet', '--output', output, ...context.flatMap((pair) => ['--context', pair])];
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH']}`, CDK_DISABLE_CLI_TELEMETRY: 'true' };
  return new Promise((resolve) => {
    execFile(join(BIN, 'cdk'), args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr, output });
    });
  });
};

describe.concurrent('cdk synth', () => {
  it('succeeds in a fresh clone with -c allowExample=true, without findings', { timeout: 180_000 }, async () => {
    const { code, text, output } = await cdkSynth('example', 'allowExample=true');
    expect(text).not.toMatch(/ERROR|AwsSolutions/);
    expect(code).toBe(0);
    expect(text).toContain('Nobody receives the alarms yet: set relay.alarmEmail or relay.alarmTopicArn');
    expect(readdirSync(output)).toContain('RocketChatRelay.template.json');
  });

  it('names a context key with wrong capitals', { timeout: 180_000 }, async () => {
    const { code, text } = await cdkSynth('capitals', 'rocketChatURL=https://chat.acme.test', 'Room=#general');
    expect(code).toBe(1);
    expect(text).toContain('-c rocketChatURL: is not a known key; did you mean "rocketChatUrl"?');
    expect(text).toContain('-c Room: is not a known key; did you mean "room"?');
  });

  it('can be configured by -c rocketChatUrl and -c room alone', { timeout: 180_000 }, async () => {
    const { code, text } = await cdkSynth('short', 'rocketChatUrl=https://chat.acme.test', 'room=#general');
    expect(text).not.toMatch(/ERROR/);
    expect(code).toBe(0);
  });

  it('fails and reports every fault of the context and nothing else', { timeout: 180_000 }, async () => {
    const relay = JSON.stringify({ routes: [{ room: 'my room' }], retryForHour: 3 });
    const { code, text, output } = await cdkSynth('broken', `relay=${relay}`, 'rocketChatUrl=chat');
    expect(code).toBe(1);
    expect(text).toContain('The configuration "relay" has 3 faults:');
    expect(text).toContain('  -c rocketChatUrl is "chat": must be a URL');
    expect(text).toContain('  relay.routes[0].room is "my room": must be a room id');
    expect(text).toContain('  relay.retryForHour: is not a known key; did you mean "retryForHours"?');
    expect(text).toContain('docs/configuration.md');
    expect(text).not.toMatch(/^\s+at /m);
    expect(readdirSync(output)).not.toContain('RocketChatRelay.template.json');
  });
});
