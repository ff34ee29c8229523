import { defineConfig } from 'vitest/config';

// `npm run test:long` runs the tests that start the command line or kill processes many times, and no others.
const isLong = process.env['LONG_TESTS'] === '1';

export default defineConfig({
  test: {
    include: [isLong ? 'test/**/*.long.test.ts' : 'test/**/*.test.ts'],
    exclude: isLong ? [] : ['test/**/*.long.test.ts'],
    reporters: ['default', './test/helpers/closing-line-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The default of 1 s is too short on a machine whose cores are busy.
    expect: { poll: { timeout: 20_000 } },
    // Slow tests wait for child processes and sockets, so there are more workers than a small machine has cores.
    maxWorkers: 3,
    // A worker loads the CDK, the SDK and the sources once instead of once for each file. No test changes a module's
    // state.
    isolate: false,
  },
});
