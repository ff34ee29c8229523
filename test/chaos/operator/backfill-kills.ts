import { putUnknown } from '../../helpers/operator.ts';
import { createRandom } from '../../helpers/virtual/random.ts';
import { type KillReport, SETTLED_WITHIN_MS, startKillWorld } from './killed-command.ts';

const KILLS_PER_FOLDER = 4;

/**
 * Kills `relay backfill` again and again while it sends events, each time from the beginning or from its last checkpoint,
 * and lets it end at last. Each folder of objects that the relay was never told of is for four commands.
 */
export const killBackfills = async (options: {
  seed: number;
  kills: number;
  /** In each folder. @default 120 */
  objects?: number;
}): Promise<KillReport> => {
  const { seed, kills, objects = 120 } = options;
  const random = createRandom(seed);
  const world = await startKillWorld();
  const { relay } = world;
  const keys: string[] = [];
  let killed = 0;
  let finished = 0;
  try {
    for (let folder = 0; killed < kills && finished <= kills; folder += 1) {
      const own = Array.from({ length: objects }, (_, i) => `${folder}/${String(i).padStart(4, '0')}.txt`);
      await putUnknown(relay, own);
      keys.push(...own);
      const until = new Date(Date.now() + 2_000).toISOString();
      const args = ['backfill', '--prefix', `${folder}/`, '--until', until, '--rate', '100', '--execute', '--local'];
      for (let run = 0; run < KILLS_PER_FOLDER && killed < kills; run += 1) {
        // One request for the state of a queue, then a send for each ten objects.
        const request = 1 + Math.floor(random() * Math.min(6, objects / 10));
        if (await world.runKilled(args, { request, isCarriedOut: random() < 0.5 })) killed += 1;
        else finished += 1;
      }
      const { exitCode, stderr } = await world.run(args);
      if (exitCode !== 0) throw new Error(`the last backfill exited with ${exitCode}: ${stderr}`);
      await relay.settled({ timeoutMs: SETTLED_WITHIN_MS });
    }
    return { seed, killed, finished, objects: keys.length, ...(await world.judge(keys)) };
  } finally {
    await world.close();
  }
};
