import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type FunctionHost,
  type FunctionHostOptions,
  startFunctionHost,
} from '../../lib/local/lambda/function-host.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const host = async (code: string, changes: Partial<FunctionHostOptions> = {}): Promise<FunctionHost> => {
  const taskRoot = mkdtempSync(join(tmpdir(), 'function-'));
  cleanups.push(() => rmSync(taskRoot, { recursive: true }));
  writeFileSync(join(taskRoot, 'index.js'), code);
  const started = await startFunctionHost({
    taskRoot,
    functionName: 'test',
    region: 'eu-west-1',
    memoryMb: 256,
    timeoutMs: 5_000,
    environment: {},
    ...changes,
  });
  cleanups.push(() => started.close());
  return started;
};

const payload = async (invocation: ReturnType<FunctionHost['invoke']>): Promise<unknown> => {
  const ended = await invocation;
  if (ended.kind === 'failed') throw new Error(`${ended.errorType}: ${ended.errorMessage}`);
  return JSON.parse(ended.payload);
};

const PID = 'exports.handler = async () => process.pid;';

describe('a function', () => {
  it('gets the event and a context, and returns an answer', async () => {
    const started = await host(`exports.handler = async (event, context) => ({
      event, id: context.awsRequestId, arn: context.invokedFunctionArn, memory: context.memoryLimitInMB,
      left: context.getRemainingTimeInMillis() });`);
    expect(await payload(started.invoke({ a: 'ä' }))).toEqual({
      event: { a: 'ä' },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      arn: 'arn:aws:lambda:eu-west-1:000000000000:function:test',
      memory: '256',
      left: expect.toSatisfy((ms: number) => ms > 4_000 && ms <= 5_000),
    });
  });

  it('keeps its process from one invocation to the next', async () => {
    const started = await host(PID);
    const first = await payload(started.invoke({}));
    expect(first).toBe(started.pid);
    expect(await payload(started.invoke({}))).toBe(first);
  });

  it('has the variables of Lambda and its own, and none of the host process', async () => {
    process.env['AWS_PROFILE'] = 'somebody';
    process.env['RELAY_TEST_LEAK'] = 'yes';
    cleanups.push(() => {
      delete process.env['AWS_PROFILE'];
      delete process.env['RELAY_TEST_LEAK'];
    });
    const started = await host('exports.handler = async () => process.env;', { environment: { GIVEN: '1' } });
    const environment = (await payload(started.invoke({}))) as Record<string, string>;
    expect(environment).toMatchObject({ GIVEN: '1', AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: 'test' });
    expect(environment).not.toHaveProperty('AWS_PROFILE');
    expect(environment).not.toHaveProperty('RELAY_TEST_LEAK');
  });

  it('has the heap limit of its memory size', async () => {
    const started = await host(
      "exports.handler = async () => require('node:v8').getHeapStatistics().heap_size_limit / 2 ** 20;",
    );
    expect(await payload(started.invoke({}))).toBeLessThan(300);
  });

  it('has its output passed on line by line', async () => {
    const lines: string[] = [];
    const started = await host(
      `exports.handler = async () => { process.stdout.write('{"a":1}\\n{"b"'); process.stdout.write(':2}\\n'); console.error('oh'); };`,
      { onLine: (line, stream) => lines.push(`${stream} ${line}`) },
    );
    await started.invoke({});
    await expect.poll(() => lines.toSorted()).toEqual(['stderr oh', 'stdout {"a":1}', 'stdout {"b":2}']);
  });
});

describe('a function that fails', () => {
  it('reports the error of its handler in Lambda’s format', async () => {
    const started = await host("exports.handler = async () => { throw new RangeError('too far'); };");
    expect(await started.invoke({})).toEqual({
      kind: 'failed',
      errorType: 'RangeError',
      errorMessage: 'too far',
      trace: expect.arrayContaining(['RangeError: too far']),
    });
    const pid = started.pid;
    await started.invoke({});
    expect(started.pid).toBe(pid);
  });

  it.each([
    ['throws while it loads', "throw new TypeError('no config');", 'TypeError', 'no config'],
    ['exports no handler', 'exports.other = 1;', 'Runtime.HandlerNotFound', 'index.handler is undefined'],
    [
      'imports a missing module',
      "require('not-there');",
      'Runtime.ImportModuleError',
      "Cannot find module 'not-there'",
    ],
  ])('fails each invocation if it %s', async (_, code, errorType, errorMessage) => {
    const started = await host(code);
    for (let i = 0; i < 2; i += 1) {
      expect(await started.invoke({})).toMatchObject({
        kind: 'failed',
        errorType,
        errorMessage: expect.stringContaining(errorMessage),
      });
    }
  });

  it.each([
    ['exits', 'process.exit(3)', 'exit status 3'],
    ['throws an uncaught error', "setImmediate(() => { throw new Error('lost'); })", 'exit status 129'],
    [
      'is out of memory',
      'const all = []; for (;;) all.push(new Array(1e6).fill({}).map(() => ({})))',
      'signal: SIGABRT',
    ],
  ])(
    'fails the invocation if it %s, and runs the next one in a new process',
    async (_, statement, why) => {
      const started = await host(
        `exports.handler = async (event) => {
      if (event.die) { ${statement}; await new Promise(() => {}); } return process.pid; };`,
        { memoryMb: 128, timeoutMs: 20_000 },
      );
      const pid = await payload(started.invoke({}));
      expect(await started.invoke({ die: true })).toMatchObject({
        kind: 'failed',
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining(why),
      });
      expect(await payload(started.invoke({}))).not.toBe(pid);
    },
    30_000,
  );

  it('fails the running invocation if it is killed, and runs the next one in a new process', async () => {
    let heard = () => {};
    const begun = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const started = await host(
      `exports.handler = (event) => { console.log('begun'); return event.stay ? new Promise(() => {}) : process.pid; };`,
      { onLine: () => heard() },
    );
    const { pid } = started;
    const invocation = started.invoke({ stay: true });
    await begun;
    await started.kill();
    expect(await invocation).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('SIGKILL'),
    });
    expect(await payload(started.invoke({}))).not.toBe(pid);
  });

  it('is killed after its time-out, and runs the next invocation in a new process', async () => {
    const started = await host('exports.handler = (event) => { while (event.spin) {} return process.pid; };', {
      timeoutMs: 200,
    });
    const { pid } = started;
    expect(await started.invoke({ spin: true })).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 0\.20 seconds$/),
    });
    expect(await payload(started.invoke({}))).not.toBe(pid);
  });
});

describe('the process of a function', () => {
  it('has ended when the host is closed, even during an invocation', async () => {
    const started = await host('exports.handler = () => new Promise(() => {});');
    const { pid } = started;
    const invocation = started.invoke({});
    await started.close();
    expect(await invocation).toMatchObject({ kind: 'failed' });
    expect(isAlive(pid)).toBe(false);
  });

  it('ends when its parent is killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../lib/local/lambda/function-host.ts'));
    const parentCode = `
      const { startFunctionHost } = await import(${module});
      const host = await startFunctionHost({ taskRoot: process.argv[1], functionName: 'f', region: 'eu-west-1', memoryMb: 128,
        timeoutMs: 5000, environment: {} });
      await host.invoke({});
      console.log(host.pid);
      setInterval(() => {}, 1000);`;
    const taskRoot = mkdtempSync(join(tmpdir(), 'function-'));
    cleanups.push(() => rmSync(taskRoot, { recursive: true }));
    writeFileSync(join(taskRoot, 'index.js'), PID);
    const { spawn } = await import('node:child_process');
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parentCode, taskRoot], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanups.push(() => parent.kill('SIGKILL'));
    const [pidText] = (await parent.stdout.take(1).toArray()) as Buffer[];
    const pid = Number(String(pidText));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 3_000 }).toBe(false);
  });
});

const isAlive = (pid: number | undefined): boolean => {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie process has ended.
  const stat = `/proc/${pid}/stat`;
  return !(existsSync(stat) && /\) Z /.test(readFileSync(stat, 'utf8')));
};
