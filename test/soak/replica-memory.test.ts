import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBalancer } from './balancer.js';
import { startPlace } from './replica.js';

test('a place of the soak where nothing runs for a moment holds no memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const balancer = await startBalancer();
  const place = await startPlace('one', { folder, balancer, env: { PORT: '0' }, ended: [] });
  const killed = place.kill().then(() => true);
  const seen = new Set<number>();
  try {
    while (!(await Promise.race([killed, turn(false)]))) seen.add(place.memory());
    expect(seen).toContain(0);
    expect(place.memory()).toBeGreaterThan(0);
  } finally {
    await killed;
    await place.end();
    balancer.close();
    await rm(folder, { recursive: true });
  }
});
