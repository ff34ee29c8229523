import { PassThrough } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../lib/operator/program.ts';
import { type OperatorWorld, startOperatorWorld } from '../../helpers/operator.ts';

let world: OperatorWorld;
beforeAll(async () => {
  world = await startOperatorWorld();
  for (const key of ['a.svg', `${'long/'.repeat(30)}\u001b[31mred.svg`]) {
    await world.relay.clients.s3.send(
      new PutObjectCommand({ Bucket: 'uploads', Key: key, Body: 'a', ContentType: 'image/svg+xml' }),
    );
  }
  await world.relay.settled();
});
afterAll(() => world.close());

/** Runs a command in this process, with a terminal of 80 columns. */
const onTerminal = async (...args: string[]) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await runProgram(args, {
    stdin: Object.assign(new PassThrough(), { isTTY: false }),
    stdout,
    stderr,
    env: { ...world.env, NO_COLOR: '1' },
    cwd: process.cwd(),
    isTerminal: true,
    columns: 80,
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
};

describe('on a terminal of 80 columns', () => {
  it('dead-letters list prints a table that fits, without the control characters of a key, and a summary', async () => {
    const { exitCode, stdout } = await onTerminal('dead-letters', 'list', '--local');
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +age +reason +room +key$/);
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toBe('2 dead letters: 2 MEDIA_TYPE_REFUSED');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain('\u001b');
  });

  it('redrive shows its plan, and status the figures with the failures', async () => {
    const redrive = await onTerminal('redrive', '--local');
    expect(redrive.stdout).toMatch(/^id +age +reason +room +key\n/);
    expect(redrive.stdout).toContain('2 dead letters to send back to the uploads queue.\nNothing was changed.');
    const status = await onTerminal('status', '--local');
    expect(status.stdout).toContain('dead letters  2: npx relay dead-letters list --local');
    expect(status.stdout).toMatch(
      /deliveries +objects +outcome +reason +example\n +2 +2 +dead-lettered +MEDIA_TYPE_REFUSED/,
    );
  });
});
