import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { newValue, patches, settledPatches, stateOf } from '../support/journal.js';
import { type Line, linesOf, useFolder } from '../support/output.js';
import { addressOf, type Program, usePrograms } from '../support/program.js';
import { liveSettings, untilReady } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { type KnownState, manyStates, oneState } from '../support/states.js';

const token = 'trail-failures-test-token';
const simulator = useSimulator(token, 'test');
const startProgram = usePrograms('test');
const path = useFolder();

const start = (trail: string) =>
  startProgram('dist/main.js', {
    PORT: '0',
    SIGN_IN: 'off',
    GRAPH_WRITES_PER_20S: '100000',
    AUDIT_LOG: trail,
    ...liveSettings(simulator, token),
  });

const readiness = async (address: string) => (await fetch(`${address}/readyz`)).status;

/** Updates a state. Resolves with the reason of the failure, or OK. */
function update(address: string, { target }: KnownState, successDeviceCount: number): Promise<string> {
  const call = createClient(address).scriptUserState.update.mutate({ ...target, patch: { successDeviceCount } });
  return call.then(
    () => 'OK',
    async () => (await failure(call)).reason,
  );
}

const limitFileSize = ({ pid }: Program, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);

describe('a file that was removed', () => {
  test('is created again', async () => {
    const address = await addressOf(start(path('trail')));
    const state = await oneState({ client: createClient(address) });
    expect(await update(address, state, 50)).toBe('OK');
    unlinkSync(path('trail'));
    expect(await readiness(address)).toBe(200);
    expect(await update(address, state, 51)).toBe('OK');
    expect(linesOf(path('trail'))).toMatchObject([
      { phase: 'intent', counts: { successDeviceCount: 51 } },
      { phase: 'outcome' },
    ]);
  });

  test('with its folder makes writes fail until the folder exists', async () => {
    mkdirSync(path('folder'));
    const program = start(path('folder/trail'));
    const address = await addressOf(program);
    const state = await oneState({ client: createClient(address) });
    rmSync(path('folder'), { recursive: true });
    // Writes check the file now and then, and readiness does so each time.
    expect(await readiness(address)).toBe(503);
    expect(await update(address, state, 50)).toBe('AUDIT_UNAVAILABLE');
    expect(await update(address, state, 50)).toBe('AUDIT_UNAVAILABLE');
    expect(await patches(simulator)).toEqual([]);
    expect(program.stderr).toEqual([expect.stringContaining('ENOENT')]);
    mkdirSync(path('folder'));
    await untilReady(address);
    expect(await update(address, state, 51)).toBe('OK');
    expect(linesOf(path('folder/trail')).filter((line) => line['phase'] !== undefined)).toHaveLength(2);
  });
});

test('200 concurrent updates leave a trace, while the file is full again and again and SIGHUP keeps coming', async () => {
  await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  const program = start(path('trail'));
  const address = await addressOf(program);
  const states = await manyStates({ client: createClient(address) }, 200);
  const outcomes = new Map<string, string>();
  const end = new AbortController();
  let value = 1000;
  const updates = states.slice(0, 200).map(async (state) => {
    while (!end.signal.aborted) {
      const own = value++;
      outcomes.set(`${state.target.userStateId} ${own}`, await update(address, state, own));
    }
  });
  const storm = setInterval(() => program.child.kill('SIGHUP'), 5);
  try {
    for (let count = 0; count < 3; count++) {
      const done = outcomes.size;
      await expect.poll(() => outcomes.size).toBeGreaterThan(done + 200);
      limitFileSize(program, statSync(path('trail')).size + 777 * (count + 1));
      await expect.poll(() => readiness(address), { interval: 5 }).toBe(503);
      limitFileSize(program, 'unlimited');
      await untilReady(address);
    }
  } finally {
    clearInterval(storm);
    end.abort();
    await Promise.all(updates);
  }
  await settledPatches(simulator);
  const key = ({ userStateId, counts }: Line) => {
    const { successDeviceCount } = counts as Readonly<Record<string, unknown>>;
    return `${String(userStateId)} ${String(successDeviceCount)}`;
  };
  const phase = (name: string) => lines.filter((line) => line['phase'] === name).map(key);
  const without = (writes: readonly string[], recorded: readonly string[]) => {
    const known = new Set(recorded);
    return writes.filter((write) => !known.has(write));
  };
  const lines = linesOf(path('trail'));
  const sent = (await patches(simulator)).map((entry) => `${stateOf(entry)} ${newValue(entry)}`);
  const done = [...outcomes].flatMap(([write, outcome]) => (outcome === 'OK' ? [write] : []));
  expect(without(sent, phase('intent'))).toEqual([]);
  expect(without(done, phase('outcome'))).toEqual([]);
  expect(without(phase('intent'), phase('outcome'))).toEqual([]);
  expect(new Set(outcomes.values())).toContain('AUDIT_UNAVAILABLE');
  expect(lines.filter((line) => line['event'] === 'interrupted').length).toBeGreaterThanOrEqual(3);
});
