import { describe } from 'vitest';
import { isInstalled } from './redis-server.js';

export { startRedis, type TestRedis } from './redis-server.js';

if (!isInstalled && process.env['CI'] === 'true') throw new Error('CI must have Redis');

/** Declares tests that need Redis. They are skipped where it is not installed. */
export const describeWithRedis = describe.skipIf(!isInstalled);
