import * as v from 'valibot';
import { createSendHttp } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { SettingsSchema } from '../../lambdas/relay/domain/settings.ts';
import { startChatServer } from '../../lib/local/chat-server/index.ts';
import { createMemoryLedger } from '../../test/helpers/memory-ledger.ts';
import { createFunction } from '../../test/helpers/virtual/function.ts';
import { relayQueue } from '../../test/helpers/virtual/mapping.ts';
import { createVirtualQueue } from '../../test/helpers/virtual/queue.ts';
import { countedLedger, sendBurst } from '../../test/helpers/virtual/simulate.ts';
import { atMost, type Case, exactly } from './case.ts';

const FILES = 60;
const LIMIT = { calls: 10, windowMs: 1_000 };

const realTime = {
  now: Date.now,
  sleep: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref()),
};

/** A burst in real time over HTTP, with a window of one second. */
export const runInRealTime = async (): Promise<Case> => {
  const chat = await startChatServer({ rateLimit: LIMIT });
  const keepAlive = setInterval(() => {}, 1_000);
  try {
    const queue = createVirtualQueue({ time: realTime, random: Math.random });
    sendBurst(queue, FILES);
    const relay = createFunction({
      settings: v.parse(SettingsSchema, { routes: [{ room: '#general' }] }),
      clock: realTime,
      random: Math.random,
      send: createSendHttp(new URL(chat.url)),
      identity: chat,
      ledger: countedLedger(createMemoryLedger({ clock: realTime })),
      queues: queue.queues,
      backlog: queue.backlog,
      metrics: { add: () => {} },
      isPaced: true,
    });
    const startedAt = Date.now();
    await relayQueue({ queue, time: realTime, random: Math.random, processes: [relay] });
    const tookMs = Date.now() - startedAt;

    const files = chat.messages('GENERAL').map(({ file }) => file?._id);
    const windowsNeeded = Math.ceil(FILES / LIMIT.calls);
    const refused = chat.calls
      .filter(({ status }) => status === 429)
      .map(({ at, name }) => `${name} ${Math.floor(at / 1_000)}`);
    const counts = new Map(refused.map((second) => [second, refused.filter((other) => other === second).length]));
    return {
      name: `${FILES} files in real time over HTTP, 10 calls / 1 s`,
      gates: [
        exactly('posted', files.length, FILES),
        exactly('posted twice', files.length - new Set(files).size, 0),
        exactly('dead letters', queue.deadLetters(), 0),
        atMost('time', tookMs / 1_000, windowsNeeded * 4, ' s'),
        atMost('429s in a second', Math.max(0, ...counts.values()), 2),
        atMost('receives at most', Math.max(...queue.receiveCounts), 12),
      ],
      also: `${(tookMs / 1_000).toFixed(1)} s for ${windowsNeeded} windows: SQS rounds to whole seconds, and wake times have a margin of two seconds`,
    };
  } finally {
    clearInterval(keepAlive);
    await chat.close();
  }
};
