import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { rowOutcomes } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { createJobMetrics } from '../../src/telemetry/job-metrics.js';
import { rowsOf } from '../support/bulk.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type Sample, scrape, total } from '../support/scrape.js';
import { manyStates } from '../support/states.js';

const pair = usePair({ METRICS_PORT: '0', GRAPH_WRITES_PER_20S: '40' }, {}, 'test');
const jobs = () => pair.service.client.updateJob;
const read = () => scrape(pair.service.metricsUrl);
const slowly = { timeout: 60_000 };
const gauges = ['jobs', 'job_rows_waiting', 'job_rows_stored', 'job_rows_limit', 'job_oldest_active_seconds'];
const has = (samples: readonly Sample[], name: string) =>
  samples.some((sample) => sample.name === `script_state_bff_${name}`);

test('before the first job, all of them are 0', async () => {
  const samples = await read();
  for (const name of [...gauges, 'job_rows_total'])
    if (name !== 'job_rows_limit') expect([name, has(samples, name), total(samples, name)]).toEqual([name, true, 0]);
  expect(total(samples, 'job_rows_limit')).toBe(jobLimits.rows);
  const outcomes = samples.filter(({ name }) => name === 'script_state_bff_job_rows_total');
  expect(new Set(outcomes.map(({ labels }) => labels['outcome']))).toEqual(
    new Set(rowOutcomes.filter((outcome) => outcome !== 'waiting')),
  );
});

test('an active job is counted with its rows and its age, and its outcomes when they are known', async () => {
  const states = await manyStates(pair.service, 60, ['deviceShellScript']);
  const [rejected, ...others] = rowsOf(states, 4_000);
  if (rejected === undefined) expect.fail('no state');
  const updates = [{ ...rejected, expected: { successDeviceCount: 2_147_483_647 } }, ...others];
  // The window takes fewer writes than the job has rows.
  const { jobId } = await jobs().start.mutate({ updates });
  await expect
    .poll(async () => total(await read(), 'job_rows_total', { outcome: 'applied' }), slowly)
    .toBeGreaterThan(10);
  const during = await read();
  expect(total(during, 'jobs', { state: 'running' })).toBe(1);
  expect(total(during, 'jobs')).toBe(1);
  expect(total(during, 'job_rows_waiting')).toBeGreaterThan(0);
  expect(total(during, 'job_rows_stored')).toBe(updates.length);
  await expect.poll(async () => total(await read(), 'job_oldest_active_seconds'), slowly).toBeGreaterThan(1);
  await jobs().cancel.mutate({ jobId });
  await expect.poll(async () => (await jobs().get.query({ jobId })).state, slowly).toBe('cancelled');
  const after = await read();
  const sent = (await patches(pair.simulator)).length;
  expect(total(after, 'job_rows_total', { outcome: 'applied' })).toBe(sent);
  expect(total(after, 'job_rows_total', { outcome: 'rejected' })).toBe(1);
  expect(total(after, 'job_rows_total', { outcome: 'not-sent' })).toBe(updates.length - sent - 1);
  expect(total(after, 'jobs', { state: 'cancelled' })).toBe(1);
  expect(total(after, 'job_rows_waiting')).toBe(0);
  expect(total(after, 'job_oldest_active_seconds')).toBe(0);
});

test('while the store of jobs is unavailable, its gauges are absent', async () => {
  const registry = new Registry();
  const metrics = createJobMetrics(registry);
  const names = async () => [...new Set((await registry.metrics()).match(/^script_state_bff_\w+/gm))];
  expect(await names()).toEqual(['script_state_bff_job_rows_total']);
  metrics.show(await createMemoryJobStore(jobLimits, 1_000).stats());
  expect(new Set(await names())).toEqual(
    new Set([...gauges, 'job_rows_total'].map((name) => `script_state_bff_${name}`)),
  );
  metrics.show(undefined);
  expect(await names()).toEqual(['script_state_bff_job_rows_total']);
});
