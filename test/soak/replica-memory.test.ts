import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBalancer } from './balancer.js';
import { startReplica } from './replica.js';

test('the memory of a replica is 0 while none of its processes runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const balancer = await startBalancer();
  const replica = await startReplica('one', { folder, balancer, env: { PORT: '0' }, stopped: [] });
  const killed = replica.kill().then(() => true);
  const seen = new Set<number>();
  try {
    while (!(await Promise.race([killed, setImmediate(false)]))) seen.add(replica.memory());
    expect(seen).toContain(0);
    expect(replica.memory()).toBeGreaterThan(0);
  } finally {
    await killed;
    await replica.stop();
    balancer.close();
    await rm(folder, { recursive: true });
  }
});
