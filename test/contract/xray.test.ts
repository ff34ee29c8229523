import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatAnswerError } from '../../lambdas/relay/domain/errors.ts';
import { traced } from '../../lambdas/relay/observe/tracing.ts';
import { createXRay } from '../../lambdas/relay/observe/xray.ts';
import type { Trace } from '../../lambdas/relay/ports.ts';
import { createdObject, START } from '../helpers/factories.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { createRelayWorld } from '../helpers/relay-world.ts';

const SAMPLED = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1;Lineage=a:b';

let daemon: Socket;
let clock: HandClock;
let header: string | undefined;
let trace: Trace;
let datagrams: string[];
beforeEach(async () => {
  datagrams = [];
  daemon = createSocket('udp4', (datagram) => void datagrams.push(datagram.toString()));
  daemon.bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  clock = createHandClock();
  header = SAMPLED;
  trace = createXRay({ daemonAddress: `127.0.0.1:${daemon.address().port}`, traceHeader: () => header, clock });
});
afterEach(() => daemon.close());

const segments = async (count: number): Promise<Record<string, unknown>[]> => {
  await expect.poll(() => datagrams.length).toBe(count);
  return datagrams.map((datagram) => {
    const [head, body = '', ...rest] = datagram.split('\n');
    expect([head, rest]).toEqual(['{"format":"json","version":1}', []]);
    return JSON.parse(body) as Record<string, unknown>;
  });
};

describe('a traced call', () => {
  it('is sent as a subsegment of the invocation', async () => {
    const result = await trace('rooms.media', 'remote', { sizeBytes: 7 }, async () => {
      clock.advance(250);
      return 'file';
    });
    expect(result).toBe('file');
    expect(await segments(1)).toEqual([
      {
        type: 'subsegment',
        name: 'rooms.media',
        namespace: 'remote',
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        trace_id: '1-5759e988-bd862e3fe1be46a994272793',
        parent_id: '557abcec3ee5a047',
        start_time: START / 1_000,
        end_time: START / 1_000 + 0.25,
        annotations: { sizeBytes: 7, outcome: 'ok' },
      },
    ]);
  });

  it('rejects with its own error, and the subsegment has the code but not the message', async () => {
    const error = new ChatAnswerError('reports/secret-plan.pdf', { status: 503 });
    await expect(trace('rooms.media', 'remote', {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(await segments(1)).toMatchObject([{ fault: true, annotations: { outcome: 'HTTP_503' } }]);
    expect(datagrams.join()).not.toContain('secret-plan');
  });

  it.each([
    undefined,
    '',
    'nonsense',
    SAMPLED.replace('Sampled=1', 'Sampled=0'),
    'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
  ])('is made and not sent if the invocation is not traced: %j', async (value) => {
    header = value;
    expect(await trace('S3', 'aws', {}, async () => 'x')).toBe('x');
    header = SAMPLED;
    await trace('last', 'aws', {}, async () => 'x');
    expect(await segments(1)).toMatchObject([{ name: 'last' }]);
  });

  it('succeeds without a daemon', async () => {
    const lost = createXRay({ daemonAddress: '127.0.0.1:1', traceHeader: () => header, clock });
    for (let call = 0; call < 3; call += 1) expect(await lost('S3', 'aws', {}, async () => call)).toBe(call);
  });

  it('is sent to the UDP address of a daemon address with protocols', async () => {
    const { port } = daemon.address();
    const daemonAddress = `tcp:127.0.0.2:1 udp:127.0.0.1:${port}`;
    await createXRay({ daemonAddress, traceHeader: () => header, clock })('S3', 'aws', {}, async () => 0);
    expect(await segments(1)).toHaveLength(1);
  });
});

it('traces S3 and both calls to the chat server in a delivery, without the key, the bucket and the room', async () => {
  const world = createRelayWorld();
  Object.assign(world.deps, traced(world.deps, trace));
  expect(await world.run({ object: createdObject({ sizeBytes: 7 }) })).toMatchObject({ kind: 'posted' });
  const told = await segments(3);
  expect(told.map(({ name, namespace, annotations }) => ({ name, namespace, annotations }))).toEqual([
    { name: 'S3', namespace: 'aws', annotations: { sizeBytes: 7, outcome: 'ok' } },
    { name: 'rooms.media', namespace: 'remote', annotations: { sizeBytes: 7, outcome: 'ok' } },
    { name: 'rooms.mediaConfirm', namespace: 'remote', annotations: { outcome: 'ok' } },
  ]);
  expect(datagrams.join()).not.toMatch(/weekly|example-uploads|general/);
});
