import { createClient } from 'redis';
import { expect, onTestFinished, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, untilReady } from '../support/service.js';
import { manyStates } from '../support/states.js';

const slowly = { timeout: 60_000, interval: 20 };
const streams = 15;

describeWithRedis('streams of a job in Redis', () => {
  const redis = useRedis();

  /** The commands that services have sent from now on, without those of scripts. */
  async function monitor(): Promise<readonly string[]> {
    const lines: string[] = [];
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.monitor((line) => {
      if (!/^\S+ \[\d+ lua\]/.test(line)) lines.push(line);
    });
    onTestFinished(() => client.destroy());
    return lines;
  }

  test('cost one subscription for each replica, no command while the job does not change, and one for each change', async () => {
    const service = await startTestService({ REDIS_URL: redis.url });
    await untilReady(service.address);
    onTestFinished(() => service.stop());
    const jobs = service.client.updateJob;
    await service.simulator.settings({ approval: true });
    const updates = [...rowsOf(await manyStates(service, 1, ['deviceShellScript']), 700)];
    const { jobId } = await jobs.start.mutate({ updates, justification: 'wrong count' });
    const state = async () => (await jobs.get.query({ jobId })).state;
    await expect.poll(state, slowly).toBe('waiting-for-approval');

    const seen: string[][] = Array.from({ length: streams }, () => []);
    const watching = seen.map(async (states) => {
      for await (const job of await createStreamClient(service).updateJob.watch.query({ jobId }))
        states.push(job.state);
    });
    await expect.poll(() => seen.every(({ length }) => length === 1), slowly).toBe(true);
    const [channel = ''] = (await redis.inspect.pubSubChannels('*jobs:changed*')) ?? [];
    expect(await redis.inspect.pubSubNumSub([channel])).toEqual({ [channel]: 1 });

    const lines = await monitor();
    const ofJob = () => lines.filter((line) => line.includes(jobId) && !/"publish"/i.test(line));
    // Meanwhile the replica looks for jobs that are due, several times.
    await expect.poll(() => lines.filter((line) => /"evalsha"/i.test(line)).length, slowly).toBeGreaterThan(3);
    expect(ofJob()).toEqual([]);
    await jobs.cancel.mutate({ jobId });
    await Promise.all(watching);
    for (const states of seen) expect(states.at(-1)).toBe('cancelled');
    // The call, the run of the job, and one read for all streams after each of its changes.
    expect(ofJob().length).toBeLessThan(streams);
  });
});
