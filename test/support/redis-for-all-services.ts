import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from './redis.js';
import { useRedisForAllServices } from './service.js';

// A setup file: every service that a test file starts without its own Redis stores its state in this one.

let redis: TestRedis;
let undo: () => void;

beforeAll(async () => {
  redis = await startRedis();
  undo = useRedisForAllServices(redis.url);
});
afterAll(async () => {
  undo();
  await redis.close();
});
