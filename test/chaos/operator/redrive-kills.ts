import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createRandom } from '../../helpers/virtual/random.ts';
import { type KillReport, SETTLED_WITHIN_MS, startKillWorld } from './killed-command.ts';

const LETTERS_PER_ROUND = 25;
const HIDE_FOR_SECONDS = 1;

/** Kills `relay redrive` again and again while it sends dead letters back, and lets it end at last. */
export const killRedrives = async ({ seed, kills }: { seed: number; kills: number }): Promise<KillReport> => {
  const random = createRandom(seed);
  const world = await startKillWorld();
  const { relay } = world;
  const settings = relay.chat?.settings;
  if (settings === undefined) throw new Error('the embedded relay has no chat server');
  const args = ['redrive', '--execute', '--local', '--rate', '1000', '--hide-for', String(HIDE_FOR_SECONDS)];
  const keys: string[] = [];
  let killed = 0;
  let finished = 0;
  try {
    while (killed < kills && finished <= kills) {
      settings.FileUpload_MediaTypeBlackList = 'image/svg+xml';
      for (let i = 0; i < LETTERS_PER_ROUND; i += 1) {
        const Key = `${killed}-${finished}-${i}.svg`;
        keys.push(Key);
        const ContentType = 'image/svg+xml';
        await relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key, Body: Key, ContentType }));
      }
      await relay.settled({ timeoutMs: SETTLED_WITHIN_MS });
      settings.FileUpload_MediaTypeBlackList = '';
      // The letters that the last command had received.
      await sleep(HIDE_FOR_SECONDS * 1_000 + 50);
      // One request for the queue's state, then receives, and a send and a delete for each ten letters.
      const request = 1 + Math.floor(random() * 14);
      if (await world.runKilled(args, { request, isCarriedOut: random() < 0.5 })) killed += 1;
      else finished += 1;
    }
    // The emulator goes on with the receive of a killed process for up to a second, and hides what comes then.
    await sleep(HIDE_FOR_SECONDS * 1_000 + 1_500);
    const { exitCode, stderr } = await world.run(args);
    if (exitCode !== 0) throw new Error(`the last redrive exited with ${exitCode}: ${stderr}`);
    await relay.settled({ timeoutMs: SETTLED_WITHIN_MS });
    return { seed, killed, finished, objects: keys.length, ...(await world.judge(keys)) };
  } finally {
    await world.close();
  }
};
