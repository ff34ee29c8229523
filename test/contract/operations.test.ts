import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../../lambdas/relay/adapters/rocket-chat/client.ts';
import { createSendHttp } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { createNotices } from '../../lambdas/relay/adapters/rocket-chat/notices.ts';
import { createRooms } from '../../lambdas/relay/adapters/rocket-chat/rooms.ts';
import { createCircuit } from '../../lambdas/relay/domain/circuit.ts';
import type { Incident } from '../../lambdas/relay/domain/incident.ts';
import { createOperations, incidentOf, type Operations } from '../../lambdas/relay/observe/operations.ts';
import type { Outcome } from '../../lambdas/relay/outcome.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { createTestSecret } from '../helpers/chat-client.ts';
import { createdObject, START } from '../helpers/factories.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { apiScript, startScriptedServer } from '../helpers/scripted-server.ts';

let chat: ChatServer;
let clock: HandClock;
let circuit: ReturnType<typeof createCircuit>;
let warnings: Record<string, unknown>[];
let operations: Operations;
beforeEach(async () => {
  chat = await startChatServer({
    rooms: [
      { id: 'GENERAL', name: 'general' },
      { id: 'OPS', name: 'operations' },
    ],
  });
  clock = createHandClock();
  circuit = createCircuit(clock);
  warnings = [];
  operations = create();
});
afterEach(() => chat.close());

/** The operations room of one process of the function. */
const create = (room = '#operations', server: Pick<ChatServer, 'url' | 'userId' | 'authToken'> = chat): Operations => {
  const send = createSendHttp(new URL(server.url), { connectMs: 1_000, silenceMs: 500, callMs: 500 });
  const pacer = { observe: () => {}, rejected: () => {} };
  const client = createClient({ send, credentials: createTestSecret(server), clock, pacer });
  const silent = () => {};
  return createOperations({
    room,
    rooms: createRooms({ client, clock }),
    notices: createNotices(client),
    circuit,
    clock,
    logger: { info: silent, error: silent, warn: (_, fields) => void warnings.push(fields) },
    abortAfter: () => AbortSignal.timeout(300),
  });
};

const incident = (overrides: Partial<Incident> = {}): Incident => ({
  kind: 'dead-lettered',
  reason: 'FILE_TOO_LARGE',
  detail: 'too large for @all',
  object: createdObject(),
  room: '#general',
  ...overrides,
});
const ROOM_GONE = { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' } as const;
const { signal } = new AbortController();
const report = (overrides: Partial<Incident> = {}, by = operations) => by.report(incident(overrides), { signal });
const posted = () => chat.messages('operations').map(({ msg }) => msg);

describe('the operations room', () => {
  it('gets a message for a dead letter', async () => {
    await report();
    expect(posted()).toEqual([expect.stringContaining('*FILE_TOO_LARGE*: `s3://example-uploads/reports/weekly.pdf`')]);
    expect(posted()[0]).toContain('too large for @\u2060all');
    expect(chat.messages('general')).toEqual([]);
  });

  it('gets one message for each reason in ten minutes', async () => {
    for (const key of ['a', 'b', 'c']) await report({ object: createdObject({ key }) });
    await report({ reason: 'MEDIA_TYPE_REFUSED' });
    expect(posted()).toHaveLength(2);
    clock.advance(10 * 60_000 - 1);
    await report({ object: createdObject({ key: 'd' }) });
    expect(posted()).toHaveLength(2);
    clock.advance(1);
    await report({ object: createdObject({ key: 'e' }) });
    expect(posted()).toHaveLength(3);
  });

  it('gets one message from several processes for the same dead letter and for the same misconfiguration', async () => {
    for (const process of [create(), create(), create()]) {
      await report({}, process);
      await report(ROOM_GONE, process);
    }
    expect(posted()).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it('gets no message while the chat server cannot be reached or the circuit is open', async () => {
    for (const reason of ['CHAT_UNREACHABLE', 'CREDENTIALS_REFUSED', 'NOT_ROCKET_CHAT'] as const)
      await report({ reason });
    circuit.open('#general', { ...ROOM_GONE, detail: 'x', scope: 'server' });
    await report();
    expect(chat.calls).toEqual([]);
    circuit.close('#general');
    await report();
    expect(posted()).toHaveLength(1);
  });

  it('does not consume the one attempt that an open circuit admits', async () => {
    circuit.open('#general', { ...ROOM_GONE, detail: 'x', scope: 'server' });
    clock.advance(30_000);
    await report();
    expect(circuit.admit('#general')).toBeUndefined();
    expect(chat.calls).toEqual([]);
  });

  it('gets no message when the invocation has no time left', async () => {
    await operations.report(incident(), { signal: AbortSignal.abort() });
    expect(chat.calls).toEqual([]);
  });
});

describe('a notification', () => {
  const STARRED = "Cannot read properties of undefined (reading 'starred')";
  const failsOnce = (commit: boolean) =>
    chat.faults.next('sendMessage', { kind: 'failure', error: STARRED, commit } as const);

  it('counts as sent if the room has its message, whatever the server answered', async () => {
    failsOnce(true);
    await report();
    chat.faults.next('sendMessage', { kind: 'reset-after' });
    await report({ reason: 'MEDIA_TYPE_REFUSED', object: createdObject({ key: 'other' }) });
    expect(posted()).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it('that several processes repeat counts as sent although the server answers an error about something else', async () => {
    await report();
    failsOnce(false);
    await report({}, create());
    expect(posted()).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('is logged as failed if the room does not have its message', async () => {
    failsOnce(false);
    await report();
    expect(posted()).toEqual([]);
    expect(warnings).toMatchObject([{ reason: 'CHAT_ERROR', detail: expect.stringContaining(STARRED) }]);
  });

  it.each([
    ['another user', { rid: 'OPS', u: { _id: 'somebody' } }],
    ['another room', { rid: 'GENERAL', u: { _id: 'bot' } }],
  ])('is logged as failed if the message with its id is of %s', async (_, message) => {
    const scripted = await startScriptedServer();
    scripted.answer(
      apiScript({
        'rooms.info': { body: { success: true, room: { _id: 'OPS' } } },
        'chat.sendMessage': { status: 400, body: { success: false, error: STARRED } },
        'chat.getMessage': { body: { success: true, message } },
      }),
    );
    await report({}, create('#operations', { url: scripted.url, userId: 'bot', authToken: 'token' }));
    await scripted.close();
    expect(warnings).toMatchObject([{ reason: 'CHAT_ERROR' }]);
    expect(scripted.requests.map(({ url }) => url.split(/[/?]/)[3])).toContain('chat.getMessage');
  });
});

describe('a failed notification', () => {
  it.each<[string, () => unknown, string]>([
    ['a server that does not answer', () => chat.faults.next('sendMessage', { kind: 'hang' }), 'OUT_OF_TIME'],
    ['a broken connection', () => chat.faults.next('sendMessage', { kind: 'reset-before' }), 'CHAT_UNREACHABLE'],
    ['a rate limit', () => chat.faults.next('sendMessage', { kind: 'rate-limited' }), 'RATE_LIMITED'],
    ['an archived room', () => Object.assign(chat.room('operations'), { archived: true }), 'ROOM_UNAVAILABLE'],
    ['an error of rooms.info', () => chat.faults.next('roomInfo', { kind: 'failure' }), 'CHAT_ERROR'],
  ])('is logged with its reason: %s', async (_, prepare, reason) => {
    prepare();
    await expect(report()).resolves.toBeUndefined();
    expect(warnings).toMatchObject([{ room: '#operations', reason }]);
  });

  it('of a room that does not exist is not repeated for the next object', async () => {
    const lost = create('#nowhere');
    await report({}, lost);
    await report({ object: createdObject({ key: 'other' }) }, lost);
    expect(warnings).toMatchObject([{ reason: 'ROOM_UNAVAILABLE', detail: expect.stringContaining('#nowhere') }]);
  });
});

describe('a notice', () => {
  const notice = { key: 'once', text: 'alias is not accepted' };

  it('is posted once, also if several processes tell it at different times', async () => {
    await operations.tell(notice, { signal });
    clock.advance(86_400_000);
    await create().tell(notice, { signal });
    expect(posted()).toEqual(['alias is not accepted']);
    expect(warnings).toEqual([]);
  });

  it('that cannot be posted is logged, and nothing is thrown', async () => {
    await create('#nowhere').tell(notice, { signal });
    expect(posted()).toEqual([]);
    expect(warnings).toMatchObject([{ room: '#nowhere', reason: 'ROOM_UNAVAILABLE' }]);
  });
});

describe('incidentOf', () => {
  const object = createdObject();
  const failure = { reason: 'ROOM_UNAVAILABLE', detail: 'x', attempts: 1, room: '#r' } as const;
  const undetermined = { httpStatus: undefined, errorType: undefined };
  const waiting = { kind: 'retrying', ...failure, ...undetermined, delayMs: 1, isUntouched: false } as const;

  it.each<[string, Outcome, string | undefined]>([
    ['dead-lettered', { kind: 'dead-lettered', failureKind: 'refused', ...failure, ...undetermined }, 'dead-lettered'],
    ['misconfigured', { ...waiting, failureKind: 'misconfigured' }, 'misconfigured'],
    ['transient', { ...waiting, failureKind: 'transient' }, undefined],
    ['throttled', { ...waiting, failureKind: 'throttled' }, undefined],
    ['ignored', { kind: 'ignored', detail: 'x' }, undefined],
  ])('gives the outcome %s its incident or none', (_, outcome, kind) => {
    const expected = { kind, reason: 'ROOM_UNAVAILABLE', detail: 'x', room: '#r', object, redrivenFrom: START };
    expect(incidentOf(object, outcome, START)).toEqual(kind === undefined ? undefined : expected);
  });
});
