/** One part of a chaos run, in a process of its own: prints its report as JSON. Called by prove-chaos.ts. */
import { parseArgs } from 'node:util';
import { HAZARDS, type Hazard } from './faults.ts';
import { runChaos } from './run-chaos.ts';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '250' },
    kills: { type: 'string', default: '12' },
    restarts: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '20' },
    hazards: { type: 'string', default: HAZARDS.join(',') },
  },
});
const report = await runChaos({
  seed: Number(values.seed),
  objects: Number(values.objects),
  kills: Number(values.kills),
  restarts: Number(values.restarts),
  hazards: new Set(values.hazards.split(',') as Hazard[]),
  faultsForMs: Number(values.faults) * 1_000,
  timeoutMs: 20 * 60_000,
});
process.stdout.write(JSON.stringify(report));
