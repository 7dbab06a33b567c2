import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, describeCause } from '../errors.js';
import { createLog } from '../log.js';
import { parseRedisUrl } from '../redis/address.js';
import { createRedis } from '../redis/connection.js';
import { withLease } from '../redis/lease.js';
import { grantCommand } from '../redis/probe.js';
import { RedisError } from '../redis/redis-error.js';
import type { Secret } from '../secret.js';
import { Diagnosis } from './diagnosis.js';
import type { StepResult } from './steps.js';

/** How long to wait for a connection to Redis. */
const connectMs = 5_000;

/** Tries each command that the service uses, and sends itself a message. @throws {Diagnosis} */
export async function checkRedis(url: Secret): Promise<StepResult<undefined>> {
  const redis = createRedis(url, createLog('silent'));
  try {
    await Promise.race([sleep(connectMs), new Promise<void>((resolve) => redis.onConnected(resolve))]);
    await redis.check();
    await withLease(redis, 'doctor', async () => undefined);
    return { summary: 'reads, writes, scripts, messages and a lease work', value: undefined };
  } catch (error) {
    throw diagnoseRedis(error instanceof CallError ? error.cause : error, url);
  } finally {
    await redis.close();
  }
}

function diagnoseRedis(error: unknown, url: Secret): Diagnosis {
  const cause = describeCause(error);
  if (!(error instanceof RedisError)) return new Diagnosis(cause, checkReachable);
  switch (error.code) {
    case 'NOPERM': {
      const { credentials, database = 0 } = parseRedisUrl(url.reveal()) ?? {};
      const missing = error.missingRules.length > 0 ? `; missing: ${error.missingRules.join(' ')}` : '';
      const command = grantCommand(credentials?.username ?? 'default', database);
      return new Diagnosis(`${cause}${missing}`, `this command gives the user all that it needs:\n${command}`);
    }
    case 'NOAUTH':
    case 'WRONGPASS':
      return new Diagnosis(cause, 'check the user name and the password in REDIS_URL');
    case 'OOM':
      return new Diagnosis(cause, 'Redis is full: raise maxmemory, or find out what fills it');
    case 'READONLY':
      return new Diagnosis(
        cause,
        'this server is a replica: REDIS_URL must lead to the primary, or name the Sentinels',
      );
    default:
      return new Diagnosis(cause, checkReachable);
  }
}

const checkReachable = 'check REDIS_URL, and that this machine can reach it';
