import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RouterOutputs } from '../../src/contract.js';
import { rowsOf } from '../support/bulk.js';
import { createClient, createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import {
  eventually,
  expectSentOnce,
  rowsInDoubt,
  startJob,
  untilDone,
  useJobReplicas,
} from '../support/job-replicas.js';
import { patches, settledPatches } from '../support/journal.js';
import { describeWithRedis } from '../support/redis.js';
import type { TestService } from '../support/service.js';

const slowly = { interval: 20, timeout: 60_000 };
const prefix = 'script-state-bff:2:';
type Job = RouterOutputs['updateJob']['get'];

describeWithRedis('jobs in Redis', () => {
  const all = useJobReplicas(400);
  let values = 0;
  beforeEach(async () => {
    await all.simulator.reset();
    await all.simulator.settings({ latencyMs: 150, approval: false });
  });

  /** Rows with values that no state has yet. */
  function rows(count: number) {
    values += 1_000;
    return rowsOf(all.states.slice(0, count), values);
  }

  const sent = async () => (await patches(all.simulator)).length;
  const untilSent = (count: number) => expect.poll(sent, slowly).toBeGreaterThanOrEqual(count);
  const field = (jobId: string, name: string) => all.redis.inspect.hGet(`${prefix}job:${jobId}`, name);

  /** Watches a job, and collects what the stream yields. */
  function watch(service: Pick<TestService, 'address'>, jobId: string) {
    const seen: Job[] = [];
    const controller = new AbortController();
    const ended = (async () => {
      const stream = await createStreamClient(service).updateJob.watch.query({ jobId }, { signal: controller.signal });
      for await (const job of stream) seen.push(job);
    })();
    ended.catch(() => undefined);
    return { seen, ended, cut: () => controller.abort() };
  }

  test('are durable', async () => {
    const service = await all.startHere();
    expect(await service.client.session.current.query()).toMatchObject({ durableJobs: true });
    const jobId = await startJob(service, rows(10));
    await untilDone(all, jobId);
    expect(await service.client.updateJob.get.query({ jobId })).toMatchObject({ durable: true, state: 'done' });
  });

  test('are handed over when a replica stops, and no row is sent twice', async () => {
    const replicas = [await all.startReplica(), await all.startReplica()];
    await all.simulator.settings({ latencyMs: 500 });
    const updates = rows(400);
    const jobId = await startJob(replicas[0] ?? expect.fail(), updates);
    for (const [index, count] of [40, 160].entries()) {
      await untilSent(count);
      await replicas[index % 2]?.program.stop('SIGTERM');
      replicas[index % 2] = await all.startReplica();
    }
    const results = await untilDone(all, jobId);
    expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expectSentOnce(updates, await patches(all.simulator));
    expect(Number(await field(jobId, 'run'))).toBeGreaterThan(1);
  });

  test('wait while Redis is unavailable, and the same run continues without reading or sending a row again', async () => {
    const service = await all.startHere();
    const updates = rows(300);
    const jobId = await startJob(service, updates);
    await untilSent(60);
    await all.redis.stop();
    const during = await settledPatches(all.simulator);
    // Longer than a lease.
    await sleep(7_000);
    expect(await sent()).toBe(during);
    await all.redis.start();
    const results = await untilDone(all, jobId);
    expect(results.every(({ outcome, failure: error }) => outcome === 'applied' && error === undefined)).toBe(true);
    expectSentOnce(updates, await patches(all.simulator));
    expect(await field(jobId, 'run')).toBe('1');
    expect(service.lines({ msg: 'a job stopped unexpectedly' })).toEqual([]);
  });

  test('end without further writes if Redis loses its data, and their streams end', async () => {
    const service = await all.startHere();
    const jobId = await startJob(service, rows(400));
    const watching = watch(service, jobId);
    await untilSent(60);
    await all.redis.inspect.flushAll();
    await watching.ended;
    const left = await settledPatches(all.simulator);
    expect(left).toBeLessThan(400);
    expect(await failure(service.client.updateJob.get.query({ jobId }))).toMatchObject({ httpStatus: 404 });
    expect(await service.client.updateJob.list.query({})).toEqual({ items: [] });
    const next = await startJob(service, rows(20));
    await untilDone(all, next);
    expect(await sent()).toBe(left + 20);
    expect(service.lines({ msg: 'a job stopped unexpectedly' })).toEqual([]);
  });

  test('are not written to by a replica that was suspended while another one took them', async () => {
    const one = await all.startReplica();
    const updates = rows(400);
    const jobId = await startJob(one, updates);
    await untilSent(60);
    one.program.child.kill('SIGSTOP');
    const inDoubt = new Set(await rowsInDoubt(all, jobId));
    await all.startReplica();
    await expect.poll(() => field(jobId, 'run').catch(() => undefined), slowly).toBe('2');
    one.program.child.kill('SIGCONT');
    const results = await untilDone(all, jobId);
    expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expectSentOnce(updates, await patches(all.simulator), inDoubt);
    expect(one.program.stdout.filter((line) => line.includes('a job stopped unexpectedly'))).toEqual([]);
  });

  test('are started once with the same key at two replicas at once', async () => {
    const [one, two] = [await all.startHere(), await all.startHere()];
    const updates = rows(20);
    const key = crypto.randomUUID();
    const started = await Promise.all(
      [one, two, one, two].map(({ client }) => client.updateJob.start.mutate({ updates, key })),
    );
    expect(new Set(started.map(({ jobId }) => jobId)).size).toBe(1);
    await untilDone(all, started[0]?.jobId ?? '');
    expectSentOnce(updates, await patches(all.simulator));
  });

  describe('a stream', () => {
    test('at another replica reports changes of the job, and can be reopened after a lost connection', async () => {
      const [one, two] = [await all.startHere(), await all.startHere()];
      const jobId = await startJob(one, rows(400));
      const first = watch(two, jobId);
      await expect.poll(() => first.seen.at(-1)?.counts.applied, slowly).toBeGreaterThan(0);
      first.cut();
      const second = watch(two, jobId);
      await second.ended;
      expect(second.seen[0]?.counts.applied).toBeGreaterThanOrEqual(first.seen.at(-1)?.counts.applied ?? 0);
      expect(second.seen.length).toBeGreaterThan(1);
      expect(second.seen.at(-1)).toMatchObject({ state: 'done', counts: { applied: 400, waiting: 0 } });
    });

    test('reports the changes made while Redis was unavailable', async () => {
      const [one, two] = [await all.startHere(), await all.startHere()];
      const jobId = await startJob(one, rows(200));
      let watching = watch(two, jobId);
      await untilSent(20);
      await all.redis.kill();
      await settledPatches(all.simulator);
      await all.redis.start();
      // A stream that needed Redis meanwhile has failed, and is opened again.
      await eventually(async () => {
        const { ended } = watching;
        await ended.catch((error: unknown) => {
          watching = watch(two, jobId);
          throw error;
        });
      });
      expect(watching.seen.at(-1)).toMatchObject({ state: 'done', counts: { applied: 200 } });
    });

    test('ends when its job is deleted', async () => {
      const service = await all.startHere();
      await all.simulator.settings({ approval: true });
      const { jobId } = await service.client.updateJob.start.mutate({ updates: rows(1), justification: 'wrong count' });
      const watching = watch(service, jobId);
      await expect.poll(() => watching.seen.at(-1)?.state, slowly).toBe('waiting-for-approval');
      const stateKey = (state: string) => `${prefix}jobs:state-${state}`;
      const [member = ''] = await all.redis.inspect.zRange(stateKey('waiting-for-approval'), 0, -1);
      // As if it had ended long ago.
      await all.redis.inspect.zRem(stateKey('waiting-for-approval'), member);
      await all.redis.inspect.zAdd(stateKey('done'), { score: 1, value: member });
      await watching.ended;
      expect(await failure(service.client.updateJob.get.query({ jobId }))).toMatchObject({ httpStatus: 404 });
    });
  });

  test('of several users run concurrently: a short one does not wait for a long one', async () => {
    const service = await all.startHere();
    const long = await startJob(service, rows(400));
    await untilSent(20);
    const short = await startJob(service, rowsOf(all.states.slice(380), 900_000));
    await untilDone(all, short);
    expect((await createClient(service.address).updateJob.get.query({ jobId: long })).state).toBe('running');
    await untilDone(all, long);
  });
});
