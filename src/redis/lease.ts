import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { storeUnavailable } from './redis-error.js';

/** How long a lease lasts without renewal: its holder is dead or disconnected. */
const leaseMs = 10_000;

const renewEveryMs = 3_000;

/** How often to try again while another holder has the lease (± 50 %). */
const pollEveryMs = 50;

/** How long to wait for the lease. A holder that is alive keeps renewing it. */
const acquireTimeoutMs = 30_000;

/**
 * Extends a lease that is still this owner's.
 *
 * KEYS[1] the lease
 * ARGV[1] the owner's id
 * ARGV[2] the new lifetime, ms
 * Returns 1, or 0 when the lease has expired or has another owner.
 */
const renewScript = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/**
 * Deletes a lease that is still this owner's.
 *
 * KEYS[1] the lease
 * ARGV[1] the owner's id
 * Returns 1, or 0 when the lease has expired or has another owner.
 */
const releaseScript = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`;

/**
 * Runs `work` while holding the named lease, which has one holder at a time across all replicas. The lease is renewed
 * until the work settles, and released only by its owner.
 *
 * The lease does not fence: a holder that is disconnected from Redis for longer than the lease lasts continues while
 * another one starts. So `work` must read the current state when it starts, and must tolerate running twice.
 *
 * @throws {CallError} `OVERLOADED` when Redis is unavailable, or the lease is not free within 30 s
 */
export async function withLease<T>(redis: Redis, name: string, work: () => Promise<T>): Promise<T> {
  const owner = crypto.randomUUID();
  const key = redisKey('lease', name);
  const acquire = () =>
    redis.run((commands) => commands.set(key, owner, { condition: 'NX', expiration: { type: 'PX', value: leaseMs } }));
  const runScript = (script: string) =>
    redis
      .run<unknown>((commands) => commands.eval(script, { keys: [key], arguments: [owner, String(leaseMs)] }))
      // If Redis is unavailable, the lease expires.
      .catch(() => undefined);

  const timeoutAt = performance.now() + acquireTimeoutMs;
  while ((await acquire()) === null) {
    if (performance.now() > timeoutAt) throw storeUnavailable(new Error('the lease is held by another caller'));
    await sleep(pollEveryMs * (0.5 + Math.random()));
  }
  const renewal = setInterval(() => void runScript(renewScript), renewEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await runScript(releaseScript);
  }
}
