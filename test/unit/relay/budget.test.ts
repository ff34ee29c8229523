import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSendHttp } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import { verified } from '../../../lambdas/relay/adapters/s3/verifier.ts';
import { Env, SETTINGS_FILE } from '../../../lambdas/relay/names.ts';
import { bundleRelay } from '../../../lib/infra/function/bundle.ts';
import { listenOnLoopback } from '../../../lib/local/loopback.ts';
import { createRelayWorld } from '../../helpers/relay-world.ts';

// Limits on size, calls and memory that can be checked without measuring time; bench/ measures time.

const MIB = 1024 ** 2;

describe('the bundle', () => {
  let folder: string;
  let sizeBytes: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'budget-'));
    ({ sizeBytes } = await bundleRelay(folder));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is at most 700 KB in size', () => {
    expect(sizeBytes).toBeLessThanOrEqual(700 * 1024);
  });

  it('loads none of the modules that take tens of milliseconds', () => {
    writeFileSync(join(folder, SETTINGS_FILE), JSON.stringify({ routes: [{ room: '#general' }] }));
    const urls = Object.fromEntries(Object.values(Env).map((name) => [name, 'https://queue.acme.test/1']));
    const variables = { ...urls, [Env.MaxReceiveCount]: '1000' };
    const role = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
    const env = { ...variables, ...role, LAMBDA_TASK_ROOT: folder };
    const program = "require('./index.js'); process.stdout.write(process.moduleLoadList.join('\\n'))";
    const loaded = execFileSync(process.execPath, ['-e', program], { cwd: folder, env, encoding: 'utf8' }).split('\n');
    const names = loaded.map((line) => line.replace(/^NativeModule /, ''));
    expect(names).toContain('https');
    const costly = ['internal/deps/undici/undici', 'http2', 'child_process', 'worker_threads', 'inspector', 'sqlite'];
    expect(names.filter((name) => costly.includes(name))).toEqual([]);
  });
});

describe('a delivery without faults', () => {
  it('makes six calls, two of them writes to the ledger', async () => {
    const world = createRelayWorld();
    expect((await world.run()).kind).toBe('posted');
    // The room's id is cached: see rooms.test.ts.
    const calls = world.calls.filter((call) => call !== 'resolve');
    expect(calls).toEqual(['open', 'media', 'claimUploaded', 'findOther', 'confirm', 'record']);
    expect(calls.filter((call) => call === 'claimUploaded' || call === 'record')).toHaveLength(2);
  });
});

describe('a large object', () => {
  it('is read only as fast as the chat server receives it', async () => {
    const sizeBytes = 256 * MIB;
    let request: IncomingMessage | undefined;
    // Accepts the request, but does not read its body before `resume`.
    const { endpoint, close } = await listenOnLoopback(
      createServer({ highWaterMark: 64 * 1024 }, (incoming, response) => {
        request = incoming;
        incoming.once('end', () => response.end('{}'));
      }),
    );
    let readBytes = 0;
    const pieces: Buffer[] = [];
    const source = new Readable({
      read() {
        const piece = Buffer.alloc(64 * 1024);
        pieces.push(piece);
        readBytes += piece.length;
        this.push(readBytes <= sizeBytes ? piece : null);
      },
    });
    const body = verified(source, { sizeBytes, md5: undefined, name: 's3://uploads/large' });
    const sent = createSendHttp(new URL(endpoint))({
      method: 'POST',
      path: '/',
      headers: {},
      body: { head: Buffer.from('head'), stream: body, sizeBytes, tail: Buffer.from('tail') },
      signal: new AbortController().signal,
    });
    try {
      await standsStill(() => readBytes);
      // Most of these bytes are in the kernel's socket buffers on both sides of the loopback interface.
      expect(readBytes).toBeGreaterThan(0);
      expect(readBytes).toBeLessThan(16 * MIB);
      expect(source.readableLength + body.readableLength).toBeLessThanOrEqual(256 * 1024);
      request?.resume();
      expect((await sent).status).toBe(200);
      expect(readBytes).toBeGreaterThan(sizeBytes);
      // Every piece was sent and freed, except the one that was read after the end.
      expect(pieces.filter(({ length }) => length > 0)).toHaveLength(1);
    } finally {
      await close();
    }
  });
});

/** Resolves when a count above zero has not changed for 100 ms. */
const standsStill = async (count: () => number): Promise<void> => {
  for (let last = 0, same = 0; same < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    same = count() > 0 && count() === last ? same + 1 : 0;
    last = count();
  }
};
