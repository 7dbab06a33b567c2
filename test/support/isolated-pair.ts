import { expect, vi } from 'vitest';
import { manyStates, newValue, patches, type Row, type Running, rowsOf, startMany, stateOf } from './bulk.js';
import { type Pair, startPair } from './service.js';
import type { JournalEntry } from './simulator.js';

/** A pair of a test's own, and what happens there. */
export interface IsolatedPair extends Pair {
  readonly rows: readonly Row[];
  /** One update, by itself. */
  single(row: Row | undefined): Promise<unknown>;
  /** Updates of many, given up at the end if they are not over. */
  many(rows: readonly Row[]): Running;
}

/** Everything of a test's own: a window of writes lasts 20 s, and tests run side by side. */
export async function isolatedPair(
  quota: number,
  states: number,
  play: (scene: IsolatedPair) => Promise<void>,
): Promise<void> {
  const pair = await startPair({ GRAPH_WRITES_PER_20S: String(quota), GRAPH_DEADLINE_MS: '30000' });
  const running: Running[] = [];
  try {
    await pair.simulator.settings({ writesPer20s: quota });
    const rows = rowsOf(await manyStates(pair.service, states), 1000);
    await pair.simulator.reset();
    await play({
      ...pair,
      rows,
      single: (row) => pair.service.client.scriptUserState.update.mutate(row ?? expect.fail('no such row')),
      many(own) {
        const begun = startMany(pair.service, { updates: [...own] });
        running.push(begun);
        return begun;
      },
    });
  } finally {
    for (const each of running) each.leave();
    await pair.stop();
  }
}

/** Waits for what must come true. In tests that run side by side, `expect.poll` does not know whose it is. */
export const until = (holds: () => void | Promise<void>) => vi.waitFor(holds, { timeout: 50_000, interval: 20 });
export const sent = async ({ simulator }: IsolatedPair) => (await patches(simulator)).length;
export const indexOf = (entries: readonly JournalEntry[], row: Row | undefined) =>
  entries.findIndex((entry) => stateOf(entry) === row?.userStateId && newValue(entry) === row.patch.successDeviceCount);
