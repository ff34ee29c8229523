import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/helpers/closing-line-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores are enough: what takes long waits for child processes and sockets.
    maxWorkers: 2,
    // A worker loads the CDK, the SDK and the sources once, not once a file. No test changes what modules hold.
    isolate: false,
  },
});
