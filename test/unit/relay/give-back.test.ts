import { EventEmitter } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giveBack, giveBackReads } from '../../../lambdas/relay/adapters/give-back.ts';
import { readAll } from '../../helpers/read-stream.ts';
import { type ScriptedServer, startScriptedServer } from '../../helpers/scripted-server.ts';

describe('giveBack', () => {
  it('frees what a piece has for itself', () => {
    const piece = Buffer.alloc(65_536);
    giveBack(piece);
    expect(piece).toHaveLength(0);
    expect(piece.buffer.byteLength).toBe(0);
  });

  it('may be called twice', () => {
    const piece = Buffer.alloc(65_536);
    giveBack(piece);
    giveBack(piece);
    expect(piece).toHaveLength(0);
  });

  it.each([
    ['the rest of which is in use', Buffer.alloc(10).subarray(0, 9)],
    ["of Node's own pool", Buffer.from('a few bytes')],
    ['shared between threads', new Uint8Array(new SharedArrayBuffer(10))],
  ])('leaves memory alone %s', (_, piece) => {
    const before = piece.length;
    giveBack(piece);
    expect(piece).toHaveLength(before);
  });
});

describe('giveBackReads', () => {
  const content = Buffer.alloc(1_000_000, 'relay');
  let server: ScriptedServer;
  let agent: http.Agent;
  beforeEach(async () => {
    server = await startScriptedServer();
    server.answer((_, response) => response.end(content));
    agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(async () => {
    agent.destroy();
    await server.close();
  });
  const get = () =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(server.url, { agent }, resolve).once('error', reject);
    });

  it('frees what was read once it has seen that the body is a copy of it, and nothing of the body', async () => {
    const answer = await get();
    giveBackReads(answer);
    const reads: Buffer[] = [];
    answer.socket.on('data', (read: Buffer) => reads.push(read));
    const pieces: Buffer[] = [];
    await new Promise((resolve) => answer.on('data', (piece: Buffer) => pieces.push(piece)).once('end', resolve));
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(reads.filter(({ length }) => length === 0).length).toBeGreaterThan(reads.length / 2);
  });

  it('frees nothing where the body shares the memory of what was read', async () => {
    const socket = new EventEmitter();
    const answer = Object.assign(new Readable({ read() {} }), { socket });
    socket.on('data', (read: Buffer) => answer.push(read));
    giveBackReads(answer as unknown as http.IncomingMessage);
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece));
    for (let round = 0; round < 5; round += 1) {
      if (round === 2) answer.pause();
      for (let read = 0; read < 3; read += 1) socket.emit('data', Buffer.alloc(65_536, 'x'));
      answer.resume();
      await new Promise(setImmediate);
    }
    expect(pieces.map(({ length }) => length)).toEqual(Array.from({ length: 15 }, () => 65_536));
  });

  it('leaves the next answer on the same connection alone', async () => {
    const ports = new Set<number | undefined>();
    // Asked for at once, so that each takes the connection as soon as the one before leaves it.
    const answers = Array.from({ length: 5 }, async () => {
      const answer = await get();
      ports.add(answer.socket.localPort);
      giveBackReads(answer);
      return (await readAll(answer)).equals(content);
    });
    expect(await Promise.all(answers)).toEqual([true, true, true, true, true]);
    expect(ports.size).toBe(1);
  });
});
