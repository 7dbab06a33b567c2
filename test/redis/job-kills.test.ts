import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/simulator/random.js';
import { rowsOf } from '../support/bulk.js';
import {
  eventually,
  expectSentOnce,
  type ReplicaProcess,
  rowsInDoubt,
  startJob,
  untilDone,
  useJobReplicas,
} from '../support/job-replicas.js';
import { patches } from '../support/journal.js';
import { describeWithRedis } from '../support/redis.js';

const rowsPerJob = 1_000;
const rounds = 7;
const killsPerRound = 3;

describeWithRedis('jobs whose replicas are killed and restarted at random', () => {
  const all = useJobReplicas(rowsPerJob);

  test.each(Array.from({ length: rounds }, (_, round) => round))(
    'end by themselves, and each row is sent as told, twice only if it was in doubt (seed %i)',
    async (seed) => {
      const random = createRandom(seed + 1);
      const { simulator, store } = all;
      await simulator.reset();
      await simulator.settings({ latencyMs: 100 });
      const replicas = [await all.startReplica(), await all.startReplica()];
      const at = (index: number): ReplicaProcess => replicas[index % 2] ?? expect.fail('no replica');

      const updates = rowsOf(all.states, (seed + 1) * 10_000);
      const jobId = await startJob(at(0), updates);
      const inDoubt = new Set<number>();
      let kills = 0;
      const isDone = async () => (await eventually(() => store.get(jobId)))?.state === 'done';
      while (kills < killsPerRound && !(await isDone())) {
        // The moment is random, and no condition.
        await sleep(100 + random.next() * 1_200);
        const index = random.next() < 0.5 ? 0 : 1;
        const signal = random.next() < 0.6 ? 'SIGKILL' : 'SIGTERM';
        await at(index).program.stop(signal);
        kills++;
        if (signal === 'SIGKILL') for (const row of await rowsInDoubt(all, jobId)) inDoubt.add(row);
        replicas[index] = await all.startReplica();
      }

      const rows = await untilDone(all, jobId);
      expect(rows).toHaveLength(rowsPerJob);
      expect(rows.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
      expectSentOnce(updates, await patches(simulator), inDoubt);
      expect(kills).toBeGreaterThan(0);
      await Promise.all(replicas.map(({ program }) => program.stop('SIGTERM')));
    },
  );
});
