import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the memory of a long run small, at the cost of some speed. Almost everything that a call of the SDK allocates is
 * garbage at once, but V8 lets the heap grow before it collects it. Called before other modules are loaded, because the
 * space for new objects never shrinks.
 */
export const limitMemory = (): void => {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
};
