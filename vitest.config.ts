import { defineConfig } from 'vitest/config';
import { isRedisInstalled } from './test/support/redis-server.js';

/** Suites that must pass whether the service stores its state in memory or in Redis. */
const storeIndependent = [
  'test/api/update-many.test.ts',
  'test/api/update-many-sign-in.test.ts',
  'test/auth/delegated.test.ts',
  'test/auth/delegated-refresh.test.ts',
  'test/auth/sign-out.test.ts',
  'test/graph/graph-batches.test.ts',
  'test/graph/batch-failures.test.ts',
  'test/graph/cancellation.test.ts',
  'test/graph/create-and-delete-outcomes.test.ts',
  'test/scheduling/rate-limit.test.ts',
];

/**
 * How many files run side by side. Most files spend most of their time waiting for windows, deadlines and processes, so
 * that Vitest's default of one worker less than the number of cores would leave the cores idle.
 */
const waitingFiles = 6;

export default defineConfig({
  test: {
    // These limits only stop tests that hang; none of them asserts speed.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'service',
          maxWorkers: waitingFiles,
          include: ['test/**/*.test.ts'],
          exclude: ['test/console/**'],
          typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/console/**/*.test.ts'],
          // Browsers use all processor time that they get, and time out after 30 s: these files run after the others,
          // one for each of two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'service with Redis',
          maxWorkers: waitingFiles,
          include: isRedisInstalled ? storeIndependent : [],
          setupFiles: ['test/support/redis-for-all-services.ts'],
        },
      },
    ],
  },
});
