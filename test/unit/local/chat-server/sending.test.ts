import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call } from './api-client.ts';

let chat: ChatServer;
beforeEach(async () => {
  chat = await startChatServer();
});
afterEach(() => chat.close());

const send = (method: string, body: unknown) =>
  call(chat, `/api/v1/chat.${method}`, {
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });

it.each([
  ['TypeError', "Cannot read properties of undefined (reading 'starred')"],
  ['E11000', expect.stringContaining('E11000 duplicate key error')],
] as const)('posts one message per id, and refuses a repeated id with a %s', async (repeatedIdError, error) => {
  if (repeatedIdError === 'E11000') chat.features.repeatedIdError = repeatedIdError;
  const message = { _id: 'mine', rid: 'GENERAL', msg: 'hello', attachments: [{ text: 'x' }] };
  const first = await send('sendMessage', { message });
  const second = await send('sendMessage', { message });
  expect(first).toMatchObject({ status: 200, json: { message: { _id: 'mine', msg: 'hello' }, success: true } });
  expect([second.status, second.json]).toEqual([400, { success: false, error }]);
  expect(chat.messages('general')).toHaveLength(1);
});

it('shows by chat.getMessage whether a message exists', async () => {
  await send('sendMessage', { message: { _id: 'mine', rid: 'GENERAL', msg: 'hello' } });
  const found = await call(chat, '/api/v1/chat.getMessage?msgId=mine');
  const missing = await call(chat, '/api/v1/chat.getMessage?msgId=other');
  expect(found.json).toMatchObject({ message: { rid: 'GENERAL', u: { _id: chat.userId } } });
  expect([missing.status, missing.json]).toEqual([400, { success: false }]);
});

it('posts a message for each chat.postMessage, by the room’s id or name', async () => {
  await send('postMessage', { roomId: 'GENERAL', text: 'hello' });
  const { json } = await send('postMessage', { channel: '#general', text: 'hello', alias: 'Relay' });
  expect(json).toMatchObject({ channel: 'general', message: { alias: 'Relay' }, ts: expect.any(Number) });
  expect(chat.messages('general')).toHaveLength(2);
});

it.each([
  ['sendMessage', {}, 'error-invalid-params'],
  ['sendMessage', { message: { rid: 'NOWHERE', msg: 'x' } }, undefined],
  ['sendMessage', { message: { msg: 'x' } }, undefined],
  ['postMessage', { roomId: 'NOWHERE', text: 'x' }, 'invalid-channel'],
])('refuses %s with %j and the errorType %s', async (method, body, errorType) => {
  const { status, json } = await send(method, body);
  expect([status, json['errorType']]).toEqual([400, errorType]);
});

it('refuses messages in an archived room', async () => {
  chat.room('general').archived = true;
  const { json } = await send('postMessage', { roomId: 'GENERAL', text: 'x' });
  expect(json).toEqual({ success: false, error: 'room_is_archived' });
});
