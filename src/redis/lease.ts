import { setTimeout as sleep } from 'node:timers/promises';
import { type Redis, redisKey, storeUnavailable } from './connection.js';

/** A lease that is not renewed ends after this: its holder is dead, or cut off. */
const leaseMs = 10_000;

const renewEveryMs = 3_000;

/** One looks so often whether another's lease has ended. */
const lookEveryMs = 50;

/** Whoever has not got it after so long gives up: its holder lives and goes on holding it. */
const patienceMs = 30_000;

const renewScript = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Does work under a name while no other replica does work under it. The lease is renewed as long as the work lasts, and
 * ended by nobody but its owner.
 *
 * A holder that is cut off from Redis for longer than its lease goes on, and is not alone any more: what is done under a
 * lease must look again at what is there when it begins, and bear to be done twice.
 *
 * @throws {CallError} `OVERLOADED` when Redis is away, or another holds it for longer than one can wait
 */
export async function withLease<T>(redis: Redis, name: string, work: () => Promise<T>): Promise<T> {
  const owner = crypto.randomUUID();
  const key = redisKey('lease', name);
  const options = { condition: 'NX', expiration: { type: 'PX', value: leaseMs } } as const;
  const own = (script: string) =>
    redis
      .run<unknown>((commands) => commands.eval(script, { keys: [key], arguments: [owner, String(leaseMs)] }))
      // Without Redis it ends by itself.
      .catch(() => undefined);

  const giveUpAt = performance.now() + patienceMs;
  while ((await redis.run((commands) => commands.set(key, owner, options))) === null) {
    if (performance.now() > giveUpAt) throw storeUnavailable(new Error('the lease is held by another'));
    await sleep(lookEveryMs * (0.5 + Math.random()));
  }
  const renewal = setInterval(() => void own(renewScript), renewEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await own(releaseScript);
  }
}
