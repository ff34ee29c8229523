import type { Message } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { createNotifier } from '../../../../lib/local/aws/bucket-notifications.ts';
import { readDeadLetter } from '../../../../lib/local/aws/dead-letters.ts';
import type { LoggedDelivery } from '../../../../lib/local/delivery-log.ts';
import { createObjectLives } from '../../../../lib/local/relay-feed/object-lives.ts';
import type { ObjectLife } from '../../../../lib/local/relay-feed/relay-feed.ts';

const start = () => {
  const clock = { time: 1_000_000, now: () => clock.time };
  const lives = createObjectLives(clock);
  const notify = createNotifier({ region: 'us-east-1', now: clock.now });
  const upload = (key: string) => {
    const object = { bucket: 'uploads', key, eventName: 'ObjectCreated:Put', eTag: 'e', sizeBytes: 3 };
    const body = notify(object);
    lives.created(body);
    const message = (receiveCount = 1, sentAt = clock.time): Message => ({
      MessageId: `message of ${key}`,
      Body: body,
      Attributes: { ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(sentAt) },
    });
    const sequencer = /"sequencer":"(\w+)"/.exec(body)?.[1] ?? '';
    const log = (outcome: LoggedDelivery['outcome'], more: Partial<LoggedDelivery> = {}) =>
      lives.delivered({ outcome, bucket: 'uploads', key, sequencer, ...more });
    const letter = {
      messageId: `letter of ${key}`,
      body,
      messageAttributes: { reason: { StringValue: 'EMPTY_FILE' } },
    };
    return { message, log, letter: { ...readDeadLetter(letter), messageId: letter.messageId } };
  };
  const only = (): ObjectLife => {
    const [life, ...more] = lives.all();
    if (life === undefined || more.length > 0) throw new Error('expected one life');
    return life;
  };
  return { clock, lives, upload, only, kinds: () => only().steps.map(({ kind }) => kind) };
};

describe('createObjectLives', () => {
  it('records each step of a posted object with its time', () => {
    const { clock, lives, upload, only } = start();
    const { message, log } = upload('a.txt');
    clock.time += 5;
    lives.received([message(1, clock.time - 2)]);
    expect(only().state).toBe('in-work');
    clock.time += 20;
    log('posted', { fileId: 'F', chatMessageId: 'M', latencyMs: 25 });
    expect(only()).toMatchObject({
      key: 'a.txt',
      sizeBytes: 3,
      state: 'posted',
      fileId: 'F',
      messageId: 'M',
      latencyMs: 25,
      steps: [
        { kind: 's3', at: 1_000_000 },
        { kind: 'queued', at: 1_000_003 },
        { kind: 'received', at: 1_000_005 },
        { kind: 'posted', at: 1_000_025, wasFound: false },
      ],
    });
    expect(lives.counts()).toEqual({ waiting: 0, 'in-work': 0, posted: 1, 'dead-lettered': 0, ignored: 0 });
  });

  it('makes one step of the tries that fail for the same reason, and another one for another reason', () => {
    const { clock, lives, upload, only } = start();
    const { message, log } = upload('a.txt');
    for (const [index, reason] of ['CHAT_UNREACHABLE', 'CHAT_UNREACHABLE', 'CHAT_ERROR'].entries()) {
      lives.received([message(index + 1)]);
      clock.time += 10;
      log('retrying', { reason, detail: `try ${index}`, delayMs: 1000 });
    }
    expect(only().state).toBe('waiting');
    expect(only().steps.filter(({ kind }) => kind === 'waiting')).toEqual([
      { kind: 'waiting', at: 1_000_010, reason: 'CHAT_UNREACHABLE', detail: 'try 1', times: 2, retryAt: 1_001_020 },
      { kind: 'waiting', at: 1_000_030, reason: 'CHAT_ERROR', detail: 'try 2', times: 1, retryAt: 1_001_030 },
    ]);
  });

  it('lets an object wait after a crash of the function, which logs nothing', () => {
    const { lives, upload, only } = start();
    const { message } = upload('a.txt');
    lives.received([message()]);
    const outcome = { kind: 'failed', why: 'Runtime.ExitError: killed' } as const;
    const invocation = { kind: 'failed', errorType: 'Runtime.ExitError', errorMessage: 'killed', trace: [] } as const;
    lives.batchEnded({ messageIds: ['message of a.txt'], invocation, outcome });
    expect(only()).toMatchObject({ state: 'waiting' });
    expect(only().steps.at(-1)).toMatchObject({ reason: 'FUNCTION_FAILED', detail: 'Runtime.ExitError: killed' });
  });

  it('keeps an object posted when its event is delivered once more', () => {
    const { lives, upload, only } = start();
    const { message, log } = upload('a.txt');
    lives.received([message()]);
    log('posted', { fileId: 'F' });
    lives.received([message()]);
    log('retrying', { reason: 'LEASED' });
    expect(only()).toMatchObject({ state: 'posted', fileId: 'F' });
    expect(lives.counts().posted).toBe(1);
  });

  it.each([
    ['ignored', 'no route'],
    ['gone', 'deleted'],
  ] as const)('ends the life of an object whose delivery is logged as %s', (outcome, detail) => {
    const { lives, upload, only } = start();
    const { message, log } = upload('a.txt');
    lives.received([message()]);
    log(outcome, { detail });
    expect(only().state).toBe('ignored');
    expect(only().steps.at(-1)).toMatchObject({ kind: 'ignored', detail });
  });

  it('finds a dead letter that only the queue shows, because SQS moved it', () => {
    const { clock, lives, upload, only } = start();
    const { letter } = upload('a.txt');
    clock.time += 10_000;
    lives.sawDeadLetters([letter], { at: clock.time, isComplete: true });
    expect(only().state).toBe('dead-lettered');
    expect(only().steps.at(-1)).toMatchObject({ kind: 'dead-lettered', reason: 'EMPTY_FILE' });
  });

  it('shows a dead letter whose event cannot be read', () => {
    const { lives, only } = start();
    const letter = { messageId: 'L', body: 'no event', messageAttributes: {} };
    const look = { at: 1_000_000, isComplete: true };
    lives.sawDeadLetters([{ ...readDeadLetter(letter), messageId: 'L' }], look);
    lives.sawDeadLetters([{ ...readDeadLetter(letter), messageId: 'L' }], look);
    expect(only()).toMatchObject({ key: undefined, state: 'dead-lettered' });
    expect(lives.ofDeadLetter({ messageId: 'L', body: 'no event' })).toBe(only());
  });

  it('notices that another program sent a dead letter back, but not while letters are hidden or just written', () => {
    const { clock, lives, upload, only, kinds } = start();
    const { message, log } = upload('a.txt');
    lives.received([message()]);
    log('dead-lettered', { reason: 'EMPTY_FILE' });
    lives.sawDeadLetters([], { at: clock.time, isComplete: true });
    expect(only().state).toBe('dead-lettered');
    clock.time += 10_000;
    lives.sawDeadLetters([], { at: clock.time, isComplete: false });
    expect(only().state).toBe('dead-lettered');
    lives.sawDeadLetters([], { at: clock.time, isComplete: true });
    expect(only().state).toBe('waiting');
    expect(kinds()).toEqual(['s3', 'queued', 'received', 'dead-lettered', 'sent-back']);
  });

  it('does not take a letter that was just sent back for a new one', () => {
    const { clock, lives, upload, only } = start();
    const { message, log, letter } = upload('a.txt');
    lives.received([message()]);
    log('dead-lettered', { reason: 'EMPTY_FILE' });
    clock.time += 10_000;
    lives.sentBack(only().id);
    lives.sawDeadLetters([letter], { at: clock.time - 5, isComplete: true });
    expect(only().state).toBe('waiting');
  });

  it('forgets posted objects after the newest 5,000, and still counts them', () => {
    const { lives, upload } = start();
    upload('waits.txt');
    for (let i = 0; i < 5_010; i += 1) upload(`${i}.txt`).log('posted');
    expect([...lives.all()]).toHaveLength(5_000);
    expect([...lives.all()][0]?.key).toBe('waits.txt');
    expect(lives.counts()).toMatchObject({ waiting: 1, posted: 5_010 });
  });
});
