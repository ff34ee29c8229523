import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the memory of a long run small, at the cost of some speed. Almost everything that a call of the SDK allocates is
 * garbage at once; V8 would let the space for new objects grow to 16 MB three times over. Called before other modules are
 * loaded, because the space never shrinks.
 */
export const limitMemory = (): void => setFlagsFromString('--semi-space-growth-factor=1');
