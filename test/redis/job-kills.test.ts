import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/simulator/random.js';
import { rowsOf } from '../support/bulk.js';
import {
  expectSentOnce,
  type ReplicaProcess,
  rowsInDoubt,
  untilDone,
  useJobReplicas,
} from '../support/job-replicas.js';
import { patches } from '../support/journal.js';
import { describeWithRedis } from '../support/redis.js';

const rowsPerJob = 1_000;
const jobsPerRound = 3;
const rounds = 7;

describeWithRedis('jobs whose replicas are killed and restarted at random', () => {
  const all = useJobReplicas(rowsPerJob * jobsPerRound, { GRAPH_WRITES_PER_20S: '100000' });

  test.each(Array.from({ length: rounds }, (_, round) => round))(
    'end by themselves, and each row is sent as told, twice only if it was in doubt (seed %i)',
    async (seed) => {
      const random = createRandom(seed + 1);
      const { simulator, store } = all;
      await simulator.reset();
      await simulator.settings({ latencyMs: 30 });
      const replicas = [await all.startReplica(), await all.startReplica()];
      const at = (index: number): ReplicaProcess => replicas[index % 2] ?? expect.fail('no replica');

      const jobs = await Promise.all(
        Array.from({ length: jobsPerRound }, async (_, number) => {
          const states = all.states.slice(number * rowsPerJob, (number + 1) * rowsPerJob);
          const updates = rowsOf(states, (seed * jobsPerRound + number + 1) * 10_000);
          const { jobId } = await at(number).client.updateJob.start.mutate({ updates });
          return { jobId, updates, inDoubt: new Set<number>() };
        }),
      );

      let kills = 0;
      const areDone = async () =>
        (await Promise.all(jobs.map(({ jobId }) => store.get(jobId)))).every((job) => job?.state === 'done');
      while (kills < 3 && !(await areDone())) {
        // The moment is random, and no condition.
        await sleep(100 + random.next() * 1_200);
        const index = random.next() < 0.5 ? 0 : 1;
        const signal = random.next() < 0.6 ? 'SIGKILL' : 'SIGTERM';
        await at(index).program.stop(signal);
        kills++;
        for (const { jobId, inDoubt } of signal === 'SIGKILL' ? jobs : []) {
          for (const row of await rowsInDoubt(all, jobId)) inDoubt.add(row);
        }
        replicas[index] = await all.startReplica();
      }

      for (const { jobId } of jobs) {
        const rows = await untilDone(all, jobId);
        expect(rows).toHaveLength(rowsPerJob);
        expect(rows.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
      }
      const written = await patches(simulator);
      for (const { updates, inDoubt } of jobs) expectSentOnce(updates, written, inDoubt);
      expect(kills).toBeGreaterThan(0);
      await Promise.all(replicas.map(({ program }) => program.stop('SIGTERM')));
    },
  );
});
