import { describe, expect, it } from 'vitest';
import { killBackfills } from './operator/backfill-kills.ts';
import { killRedrives } from './operator/redrive-kills.ts';

// The short version of `npm run prove:operator`, with the same seeds each time.

describe('a command that is killed at random requests', { timeout: 120_000 }, () => {
  const nothingWrong = { lost: [], twice: [], lettersLeft: 0 };

  it('redrive loses no dead letter and posts no object twice', async () => {
    const report = await killRedrives({ seed: 1, kills: 2 });
    expect(report).toMatchObject(nothingWrong);
    expect(report.killed).toBe(2);
  });

  it('backfill leaves no object out and posts none twice', async () => {
    const report = await killBackfills({ seed: 1, kills: 2, objects: 40 });
    expect(report).toMatchObject(nothingWrong);
    expect(report.killed).toBeGreaterThan(0);
  });
});
