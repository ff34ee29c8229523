import { createPacer } from '../../lambdas/relay/pacing/pacer.ts';

const FILES = 200_000;

/** CPU time of the pacer for one file without a limit, in microseconds. */
export const pacerMicroseconds = (): number => {
  const pacer = createPacer({ now: Date.now, random: Math.random });
  const startedAt = performance.now();
  for (let file = 0; file < FILES; file += 1) {
    pacer.take('media');
    pacer.observe('media', undefined);
    pacer.take('confirm');
    pacer.observe('confirm', undefined);
  }
  return ((performance.now() - startedAt) * 1_000) / FILES;
};
