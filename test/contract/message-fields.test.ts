import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify, isConfirmInDoubt } from '../../lambdas/relay/domain/failure.ts';
import type { Chat, Clock, OutgoingMessage } from '../../lambdas/relay/ports.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock } from '../helpers/hand-clock.ts';

const ROOM = 'GENERAL';
const { signal } = new AbortController();
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(['7.x', '8.x'] as const)('the optional fields of a message to Rocket.Chat %s', (version) => {
  let server: ChatServer;
  beforeEach(async () => {
    server = await startChatServer({ version });
  });
  afterEach(() => server.close());

  const LOOKS = { alias: 'S3', avatar: 'https://acme.test/s3.png', emoji: ':package:' };
  const reports: unknown[] = [];
  const withFields = (clock: Clock = { now: Date.now }) => {
    reports.length = 0;
    return chatUnderTest(server, {
      clock,
      reportFieldsRefusal: async (refusal) => void reports.push(refusal),
    }).chat;
  };
  const confirmWith = async (chat: Chat, message: Partial<OutgoingMessage> = LOOKS) => {
    const { fileId } = await chat.uploadMedia(ROOM, fileOf('content'), { signal });
    return chat.confirmMedia({ roomId: ROOM, fileId }, { text: 'caption', ...message }, { signal });
  };
  const confirms = () => server.calls.filter(({ name }) => name === 'mediaConfirm');

  it('are posted where the server accepts them', async () => {
    await confirmWith(withFields(), { ...LOOKS, altText: 'a chart' });
    expect(server.messages(ROOM)).toMatchObject([
      { ...LOOKS, msg: 'caption', attachments: [{ description: 'a chart' }] },
    ]);
    expect(reports).toEqual([]);
  });

  it('are left out if they are empty', async () => {
    await confirmWith(withFields(), { altText: '' });
    expect(server.messages(ROOM)[0]?.attachments?.[0]).not.toHaveProperty('description');
  });

  it('alias and avatar are left out without the permission, which is reported once; the emoji is kept', async () => {
    for (const user of server.users()) user.roles = ['user'];
    const chat = withFields();
    await confirmWith(chat);
    await confirmWith(chat);
    const posted = server.messages(ROOM);
    expect(posted).toMatchObject([{ emoji: ':package:' }, { emoji: ':package:' }]);
    for (const message of posted) for (const field of ['alias', 'avatar']) expect(message).not.toHaveProperty(field);
    expect(confirms()).toHaveLength(3);
    expect(reports).toEqual([
      { roomId: ROOM, fields: ['alias', 'avatar'], detail: expect.stringContaining('Not enough permission') },
    ]);
  });

  it('are left out if the server does not know them; the alternative text is kept', async () => {
    server.features.presentationFields = false;
    await confirmWith(withFields(), { ...LOOKS, altText: 'a chart' });
    const [message] = server.messages(ROOM);
    for (const field of Object.keys(LOOKS)) expect(message).not.toHaveProperty(field);
    expect(message?.attachments).toMatchObject([{ description: 'a chart' }]);
    expect(reports).toMatchObject([{ fields: ['alias', 'avatar', 'emoji'] }]);
  });

  it('are tried again after an hour, without another report', async () => {
    const clock = createHandClock();
    const chat = withFields(clock);
    for (const user of server.users()) user.roles = ['user'];
    await confirmWith(chat);
    for (const user of server.users()) user.roles = ['bot'];
    await confirmWith(chat);
    clock.advance(3_600_000);
    await confirmWith(chat);
    expect(server.messages(ROOM).map(({ alias }) => alias)).toEqual([undefined, undefined, 'S3']);
    expect(reports).toHaveLength(1);
  });

  it('are not left out after an answer that does not concern them', async () => {
    const chat = withFields();
    Object.assign(server.room(ROOM), { archived: true });
    const error = await caught(confirmWith(chat));
    expect(classify(error, 'confirm')).toMatchObject({ reason: 'ROOM_UNAVAILABLE' });
    expect(confirms()).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  it('make no confirm ambiguous: the answer to the last one decides whether the message may exist', async () => {
    for (const user of server.users()) user.roles = ['user'];
    server.faults.use(({ name }) =>
      name === 'mediaConfirm' && confirms().length === 2 ? { kind: 'reset-after' } : undefined,
    );
    const error = await caught(confirmWith(withFields()));
    expect(isConfirmInDoubt(error)).toBe(true);
    expect(server.messages(ROOM)).toHaveLength(1);
    server.faults.clear();
    server.features.presentationFields = false;
    Object.assign(server.room(ROOM), { archived: true });
    expect(isConfirmInDoubt(await caught(confirmWith(withFields())))).toBe(false);
    expect(server.messages(ROOM)).toHaveLength(1);
  });

  it('and a text that is too long for the server is shortened to the limit of the server, which is then known', async () => {
    server.settings.Message_MaxAllowedSize = 20;
    const shorten = (maxLength: number) => ({ text: 'x'.repeat(maxLength), altText: 'y'.repeat(maxLength) });
    const chat = withFields();
    for (let i = 0; i < 2; i += 1) await confirmWith(chat, { text: 'x'.repeat(99), shorten });
    expect(server.messages(ROOM)).toMatchObject([{ msg: 'x'.repeat(20) }, { msg: 'x'.repeat(20) }]);
    expect(confirms()).toHaveLength(3);
  });
});
