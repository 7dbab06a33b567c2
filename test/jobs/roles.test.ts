import { expect, test } from 'vitest';
import { patches } from '../support/journal.js';
import { useSimulatedJobs } from '../support/simulated-jobs.js';

const simulated = useSimulatedJobs();
const slowly = { interval: 10, timeout: 60_000 };

test('a running job stops when its user has lost the role, and continues when it is resumed', async () => {
  // The rows of one state are sent one after the other.
  const [target] = simulated.states;
  const updates = Array.from({ length: 40 }, (_, index) => ({
    ...(target ?? expect.fail('no state')),
    patch: { successDeviceCount: index },
  }));
  await simulated.simulator.fault({ fault: 'latency', delayMs: 50, method: 'PATCH', times: 'always' });
  const jobId = await simulated.jobs.start(simulated.actor, { updates });
  await expect.poll(async () => (await simulated.jobs.get(jobId)).counts.applied, slowly).toBeGreaterThan(0);
  simulated.setMayWrite(false);
  const { counts } = await simulated.until(jobId, 'waiting-for-sign-in');
  expect(counts.waiting).toBeGreaterThan(0);
  expect(counts.waiting + counts.applied).toBe(40);
  const sent = await patches(simulated.simulator);
  expect(sent).toHaveLength(counts.applied);
  await simulated.simulator.reset();
  simulated.setMayWrite(true);
  await simulated.jobs.resume(jobId, simulated.actor);
  expect((await simulated.until(jobId, 'done')).counts).toMatchObject({ applied: 40 });
  expect(await patches(simulated.simulator)).toHaveLength(40 - sent.length);
});

test('a job does not start while its user may not write', async () => {
  simulated.setMayWrite(false);
  const jobId = await simulated.start(2);
  expect((await simulated.until(jobId, 'waiting-for-sign-in')).counts).toMatchObject({ waiting: 2 });
  expect(await patches(simulated.simulator)).toEqual([]);
});

test('a job whose user may not write can be cancelled', async () => {
  simulated.setMayWrite(false);
  const jobId = await simulated.start(2);
  await simulated.until(jobId, 'waiting-for-sign-in');
  await simulated.jobs.cancel(jobId);
  expect((await simulated.until(jobId, 'cancelled')).counts).toMatchObject({ 'not-sent': 2 });
});

test('a job waits while the role of its user is not known', async () => {
  simulated.setMayWrite(undefined);
  const jobId = await simulated.start(2);
  await simulated.until(jobId, 'running');
  expect(await patches(simulated.simulator)).toEqual([]);
  simulated.setMayWrite(true);
  expect((await simulated.until(jobId, 'done')).counts).toMatchObject({ applied: 2 });
});
