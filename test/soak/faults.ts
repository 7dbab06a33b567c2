import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from '../bench/progress.js';
import type { TestRedis } from '../support/redis-server.js';
import type { ReplicaTrail } from './audit-trail.js';
import type { SupervisedReplica } from './replica.js';

/** A replica and its audit trail. */
export interface AuditedReplica {
  readonly replica: SupervisedReplica;
  readonly trail: ReplicaTrail;
}

/** The longest pause before a fault, in milliseconds. */
const maxPauseMs = 2_000;

const redisDownMs = 2_000;

const randomPause = () => sleep(Math.random() * maxPauseMs);

/** Long enough for the trail to block for a second, and for the service to refuse writes for a while. */
const disturbedMs = () => 1_000 + Math.random() * 2_000;

/**
 * Injects faults one after the other, at random moments and in random order: kills and restarts replicas, disturbs
 * their audit trails, and stops and suspends Redis. Each fault occurs at least once.
 *
 * @returns how often each occurred
 */
export async function injectFaults(
  replicas: readonly AuditedReplica[],
  redis: TestRedis,
  endsAt: number,
): Promise<ReadonlyMap<string, number>> {
  const faults = [...replicas.flatMap(faultsOf), ...redisFaults(redis)];
  const counts = new Map(faults.map(([name]) => [name, 0]));
  do {
    for (const [name, inject] of shuffled(faults)) {
      await randomPause();
      if (performance.now() > endsAt && (counts.get(name) ?? 0) > 0) continue;
      progress(name);
      await inject();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  } while (performance.now() < endsAt);
  return counts;
}

type NamedFault = readonly [string, () => Promise<void>];

function faultsOf({ replica, trail }: AuditedReplica): readonly NamedFault[] {
  const kill: NamedFault = [`replica ${replica.name} is killed`, () => replica.kill()];
  return [
    // What a kill interrupts is a matter of chance.
    kill,
    kill,
    kill,
    [`replica ${replica.name} is restarted`, () => replica.restart()],
    ...Object.entries(trail.disturbances).map(
      ([name, disturb]): NamedFault => [
        `the trail of replica ${replica.name} ${name}`,
        async () => {
          const end = disturb(replica.pid);
          await sleep(disturbedMs());
          end();
          // Before the trail is up again, too.
          if (Math.random() < 0.3) await replica.kill();
        },
      ],
    ),
  ];
}

function redisFaults(redis: TestRedis): readonly NamedFault[] {
  return [
    [
      'Redis is stopped',
      async () => {
        await redis.stop();
        await sleep(redisDownMs);
        await redis.start();
      },
    ],
    [
      'Redis is suspended',
      async () => {
        redis.pause();
        await sleep(redisDownMs);
        redis.resume();
      },
    ],
  ];
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
