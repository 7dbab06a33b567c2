import { afterAll, beforeAll, describe } from 'vitest';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { useRedisForAllServices } from '../support/service.js';

/** Suites of which nothing may depend on where state is kept. They run by themselves with all of it in memory. */
const suites = {
  batches: () => import('../graph/batches.test.js'),
  'batches that fail': () => import('../graph/batch-failures.test.js'),
  'calls that are given up': () => import('../graph/cancellation.test.js'),
  'creates and deletes': () => import('../graph/create-and-delete-outcomes.test.js'),
  'people’s own tokens': () => import('../auth/delegated.test.js'),
  'the renewal of tokens': () => import('../auth/delegated-renewal.test.js'),
  'the quota': () => import('../scheduling/rate-limit.test.js'),
  'sign-out': () => import('../auth/sign-out.test.js'),
  'updates of many': () => import('../api/update-many.test.js'),
  'the sign-in of updates of many': () => import('../api/update-many-sign-in.test.js'),
};

describeWithRedis('with a Redis, the same holds for', () => {
  let redis: TestRedis;
  let forget: () => void;
  beforeAll(async () => {
    redis = await startRedis();
    forget = useRedisForAllServices(redis.url);
  });
  afterAll(async () => {
    forget();
    await redis.close();
  });

  for (const [name, load] of Object.entries(suites)) describe(name, async () => void (await load()));
});
