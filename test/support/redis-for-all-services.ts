import { beforeAll } from 'vitest';
import { useRedis } from './redis.js';
import { setDefaultRedis } from './service.js';

// A setup file: every service that a test file starts without its own Redis stores its state in this one.

const redis = useRedis();
beforeAll(() => setDefaultRedis(redis.url));
