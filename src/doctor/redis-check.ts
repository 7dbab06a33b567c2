import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, describeCause } from '../errors.js';
import { createLog } from '../log.js';
import { createRedis } from '../redis/connection.js';
import { withLease } from '../redis/lease.js';
import type { Secret } from '../secret.js';
import { Diagnosis } from './diagnosis.js';
import type { StepResult } from './steps.js';

/** How long to wait for a connection to Redis. */
const connectMs = 5_000;

/** Acquires and releases a lease, as the service does. @throws {Diagnosis} */
export async function checkRedis(url: Secret): Promise<StepResult<undefined>> {
  const redis = createRedis(url, createLog('silent'));
  try {
    await Promise.race([sleep(connectMs), new Promise<void>((resolve) => redis.onConnected(resolve))]);
    await withLease(redis, 'doctor', async () => undefined);
    return { summary: 'acquired and released a lease', value: undefined };
  } catch (error) {
    const cause = error instanceof CallError ? describeCause(error.cause) : String(error);
    throw new Diagnosis(cause, 'check REDIS_URL, that this machine can reach it, and the permissions of its user');
  } finally {
    await redis.close();
  }
}
