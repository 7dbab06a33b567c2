import { expect, test } from 'vitest';
import { createMemoryJobQueue, type RunJob } from '../../src/jobs/job-queue.js';

const slowly = { interval: 5, timeout: 20_000 };

function startQueue(run: RunJob) {
  const queue = createMemoryJobQueue((error) => {
    throw error;
  });
  queue.start(run);
  return queue;
}

test('a job is run again after the delay that it returns', async () => {
  const startedAt: number[] = [];
  const queue = startQueue(async () => {
    startedAt.push(performance.now());
    return startedAt.length < 3 ? 50 : undefined;
  });
  await queue.add('job');
  await expect.poll(() => startedAt.length, slowly).toBe(3);
  const [first = 0, second = 0, third = 0] = startedAt;
  // Timers are rounded to milliseconds.
  expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(49);
  await queue.stop();
});

test('adding a delayed job runs it immediately, and only once', async () => {
  let runs = 0;
  const queue = startQueue(async () => {
    runs++;
    return runs === 1 ? 3_600_000 : undefined;
  });
  await queue.add('job');
  await expect.poll(() => runs, slowly).toBe(1);
  await new Promise(setImmediate);
  await queue.add('job');
  await expect.poll(() => runs, slowly).toBe(2);
  await queue.stop();
  await queue.add('job');
  expect(runs).toBe(2);
});
