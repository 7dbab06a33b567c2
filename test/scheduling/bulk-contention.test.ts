import { afterEach, expect, onTestFinished, test } from 'vitest';
import { type Row, readMany, rowsOf, startMany } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { usePair } from '../support/pair.js';
import { manyStates } from '../support/states.js';
import { startTestApp } from '../support/test-app.js';

const pair = usePair(
  { GRAPH_WRITES_PER_20S: '100000', GRAPH_DEADLINE_MS: '30000' },
  { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 },
);
afterEach(() => pair.simulator.reset());

test('thousands of rows of one state, which wait for each other, do not delay the other rows', async () => {
  const [same, ...others] = rowsOf(await manyStates(pair.service, 501), 1000);
  if (same === undefined) throw new Error('no states');
  const rowOfSame = (successDeviceCount: number): Row => ({ ...same, patch: { successDeviceCount } });
  const rest = Array.from({ length: 2_500 }, (_, index) => rowOfSame(2_000 + index));
  await pair.simulator.fault({
    fault: 'latency',
    method: 'PATCH',
    path: same.userStateId,
    times: 'always',
    delayMs: 50,
  });
  const running = startMany(pair.service, { updates: [rowOfSame(1), rowOfSame(2), ...others, ...rest] });
  const isOther = ({ index }: { readonly index: number }) => index >= 2 && index < 2 + others.length;
  await expect.poll(() => running.results().filter(isOther).length).toBe(others.length);
  expect(running.results().length).toBeLessThan(others.length + 2_000);
  running.abort();
});

test('as many bulk updates as are admitted cause no warning of Node', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const app = await startTestApp({
    authenticate: async (request) => ({
      user: { oid: request.get('x-test-user') ?? '', name: 'Someone', roles: ['reader', 'operator'] },
      expiresAt: null,
    }),
    graphUrl: pair.simulator.baseUrl,
  });
  onTestFinished(() => app.stop());
  const rows = rowsOf(await manyStates(pair.service, 40), 3000);
  await pair.simulator.fault({ fault: 'latency', method: 'PATCH', times: 'always', delayMs: 300 });
  const running = rows
    .slice(0, 20)
    .map((row, index) =>
      readMany(createStreamClient(app, { 'x-test-user': index % 2 === 0 ? 'one' : 'two' }), { updates: [row] }),
    );
  const results = await Promise.all(running.map(({ finished }) => finished));
  expect(results.flat().filter(({ ok }) => ok)).toHaveLength(20);
  expect(warnings).toEqual([]);
});
