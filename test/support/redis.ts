import { describe } from 'vitest';
import { isInstalled } from './redis-server.js';

export { startRedis, type TestRedis } from './redis-server.js';

if (!isInstalled && process.env['CI'] === 'true') throw new Error('CI wants a Redis');

/** Tests with a Redis. Where there is none they are left out, by name. */
export const describeWithRedis = describe.skipIf(!isInstalled);
