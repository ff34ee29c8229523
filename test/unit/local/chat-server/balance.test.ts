import { afterEach, describe, expect, it } from 'vitest';
import { createNotifier } from '../../../../lib/local/aws/bucket-notifications.ts';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import type { Update } from '../../../../lib/local/chat-server/room-page/protocol.ts';
import { createRelayFeed } from '../../../../lib/local/relay-feed/create-relay-feed.ts';
import { confirm, form, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
afterEach(() => chat.close());

const start = async () => {
  const clock = { now: () => 1_000_000 };
  const source = createRelayFeed({ bucket: 'uploads', clock });
  chat = await startChatServer({ relayFeed: source.feed });
  const notify = createNotifier({ region: 'us-east-1', now: clock.now });
  const upload = (key: string) => {
    const event = notify({ bucket: 'uploads', key, eventName: 'ObjectCreated:Put', eTag: 'e', sizeBytes: 7 });
    source.lives.created(event);
    const sequencer = /"sequencer":"(\w+)"/.exec(event)?.[1] ?? '';
    return (chatMessageId: string) =>
      source.lives.delivered({ outcome: 'posted', bucket: 'uploads', key, sequencer, chatMessageId });
  };
  const post = async (name: string): Promise<string> => {
    await confirm(chat, await uploadedFileId(chat, form({ disposition: `; filename="${name}"` })));
    return chat.messages('general').at(-1)?._id ?? '';
  };
  return { upload, post };
};

/** What a page gets first. */
const balance = async () => {
  const answer = await fetch(`${chat.url}/room-page/live?room=GENERAL`);
  const reader = (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  const { relay } = JSON.parse(text.slice('data: '.length)) as Update;
  return { lost: relay?.lost, twice: relay?.twice };
};

describe('the balance of uploads and messages', () => {
  it('is even when each upload has one message, also if a name was uploaded twice', async () => {
    const { upload, post } = await start();
    for (const key of ['a/x.pdf', 'b/x.pdf']) upload(key)(await post('x.pdf'));
    expect(await balance()).toEqual({ lost: 0, twice: 0 });
  });

  it('shows a file that was posted twice', async () => {
    const { upload, post } = await start();
    const posted = upload('x.pdf');
    await post('x.pdf');
    posted(await post('x.pdf'));
    expect(await balance()).toEqual({ lost: 0, twice: 1 });
  });

  it('shows a file as lost that is said to be posted although no room has the message', async () => {
    const { upload } = await start();
    upload('x.pdf')('there is no such message');
    expect(await balance()).toEqual({ lost: 1, twice: 0 });
  });
});
