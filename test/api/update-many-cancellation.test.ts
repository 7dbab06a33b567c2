import { afterEach, describe, expect, test } from 'vitest';
import { type Row, rowsOf, sendMany, startMany } from '../support/bulk.js';
import { patches, settledPatches } from '../support/journal.js';
import { type Pair, startPair } from '../support/pair.js';
import { addressOf, usePrograms } from '../support/program.js';
import { liveSettings } from '../support/service.js';
import { manyStates } from '../support/states.js';

let pair: Pair;
afterEach(() => pair.stop());
const startProgram = usePrograms('test');

/** Starts a pair with a write quota for the service, and returns `count` rows. */
async function start(quota: number, count: number): Promise<Row[]> {
  pair = await startPair({ GRAPH_WRITES_PER_20S: String(quota), GRAPH_DEADLINE_MS: '60000' });
  await pair.simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  const rows = [...rowsOf(await manyStates(pair.service, count, ['deviceShellScript']), 1000)];
  await pair.simulator.reset();
  return rows;
}

const audited = (outcome: string) => pair.service.outcomes({ outcome }).length;
const update = (row: Row | undefined) =>
  pair.service.client.scriptUserState.update.mutate(row ?? expect.fail('no such row'));
const sent = async () => (await patches(pair.simulator)).length;

const cancellations = [
  ['cancels the call', async (rows: readonly Row[]) => startMany(pair.service, { updates: [...rows] }).abort] as const,
  [
    'resets the connection',
    async (rows: readonly Row[]) => {
      const [, response] = await sendMany(pair.service, rows);
      response.on('error', () => undefined).resume();
      return () => void response.socket.resetAndDestroy();
    },
  ] as const,
];

describe.each(cancellations)('when the caller %s', (_, begin) => {
  test('rows that wait for quota are never sent, and release their positions', async () => {
    const rows = await start(20, 60);
    const abort = await begin(rows);
    await expect.poll(() => audited('applied')).toBe(19);
    abort();
    await expect.poll(() => audited('rejected')).toBe(41);
    const { patch: _old, ...target } = rows[50] ?? expect.fail('no such row');
    const after = { ...target, patch: { successDeviceCount: 77 } };
    // No row precedes it any more, and the slot that is reserved for interactive calls is free.
    expect(await update(after)).toMatchObject(after.patch);
    const journal = await patches(pair.simulator);
    expect(journal).toHaveLength(20);
    expect(journal.at(-1)?.body).toMatchObject(after.patch);
    expect(pair.service.outcomes({ reason: 'CLIENT_CLOSED' })).toHaveLength(41);
  });

  test('rows that were sent are completed and audited, and the others are never sent', async () => {
    const rows = await start(100_000, 1100);
    const slow = rows.filter((_row, index) => index % 20 === 0 && index > 0 && index < 1000);
    await pair.simulator.fault(
      ...slow.map((row) => ({ fault: 'latency', method: 'PATCH', path: row.userStateId, delayMs: 15_000 }) as const),
      { fault: 'latency', method: 'PATCH', path: rows[1000]?.userStateId ?? '', delayMs: 15_000 },
    );
    const abort = await begin(rows);
    // Graph has responded to the first batch. 49 others have been sent, and one more after that response.
    await expect.poll(sent).toBe(1020);
    await expect.poll(() => audited('applied')).toBe(20);
    abort();
    expect(await settledPatches(pair.simulator)).toBe(1020);
    await expect.poll(() => audited('applied')).toBe(1020);
    expect(pair.service.outcomes()).toHaveLength(1020);
    expect(await update(rows[1099])).toMatchObject(rows[1099]?.patch ?? {});
    expect(await sent()).toBe(1021);
  });
});

describe('when the service is stopped', () => {
  const env = (quota: string) => ({
    PORT: '0',
    SIGN_IN: 'off',
    ...liveSettings(pair.simulator),
    GRAPH_WRITES_PER_20S: quota,
    GRAPH_DEADLINE_MS: '3000',
  });

  test('each waiting row fails with OVERLOADED, and the process exits with 0', async () => {
    const rows = await start(20, 400);
    const program = startProgram('dist/main.js', env('20'));
    const running = startMany({ address: await addressOf(program) }, { updates: rows });
    await expect.poll(() => running.results().length).toBe(19);
    program.child.kill('SIGTERM');
    const results = await running.finished;
    expect(results).toHaveLength(400);
    expect(results.filter(({ ok }) => ok)).toHaveLength(19);
    const failed = results.filter((each) => !each.ok);
    expect(failed).toMatchObject(
      failed.map(() => ({ error: { data: { reason: 'OVERLOADED', retryAfterMs: expect.any(Number) as unknown } } })),
    );
    expect(running.progress().at(-1)).toEqual({ type: 'progress', done: 400, total: 400 });
    expect(await program.exited).toBe(0);
    expect(await sent()).toBe(19);
    expect(program.stdout.filter((line) => line.includes('"phase":"outcome"'))).toHaveLength(400);
    // Node prints no warning, for example of a listener leak.
    expect(program.stderr).toEqual([]);
  });

  test('rows that were sent are completed first', async () => {
    const rows = await start(20, 40);
    const program = startProgram('dist/main.js', env('20'));
    await pair.simulator.fault(
      { fault: 'throttled', method: 'PATCH', delayMs: 1000 },
      { fault: 'reset', method: 'PATCH' },
    );
    const running = startMany({ address: await addressOf(program) }, { updates: rows.slice(0, 10) });
    await expect.poll(sent).toBe(10);
    program.child.kill('SIGTERM');
    expect((await running.finished).filter(({ ok }) => ok)).toHaveLength(10);
    expect(await program.exited).toBe(0);
  });
});
