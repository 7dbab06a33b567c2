import { expect, type TestContext } from 'vitest';
import { type Row, rowsOf, startMany, type UpdateManyCall } from './bulk.js';
import { type Pair, startPair } from './pair.js';
import { manyStates } from './states.js';

/** A pair with a small write quota, and the calls that compete for it. */
export interface BulkPair extends Pair {
  /** One row for each state, each with its own value. */
  readonly rows: readonly Row[];
  /** Calls `scriptUserState.update`. */
  readonly update: (row: Row | undefined) => Promise<unknown>;
  /** Calls `scriptUserState.updateMany`; the call is cancelled when the test ends. */
  readonly updateMany: (rows: readonly Row[]) => UpdateManyCall;
}

/** Starts a pair for one test, because a window of writes lasts 20 s, and stops it after the test. */
export async function startBulkPair(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  { writesPer20s, rows: count }: { readonly writesPer20s: number; readonly rows: number },
): Promise<BulkPair> {
  const pair = await startPair({ GRAPH_WRITES_PER_20S: String(writesPer20s), GRAPH_DEADLINE_MS: '30000' });
  const calls: UpdateManyCall[] = [];
  onTestFinished(async () => {
    for (const call of calls) call.abort();
    await pair.stop();
  });
  await pair.simulator.settings({ writesPer20s });
  const rows = rowsOf(await manyStates(pair.service, count), 1000);
  await pair.simulator.reset();
  return {
    ...pair,
    rows,
    update: (row) => pair.service.client.scriptUserState.update.mutate(row ?? expect.fail('no such row')),
    updateMany(updates) {
      const call = startMany(pair.service, { updates: [...updates] });
      calls.push(call);
      return call;
    },
  };
}
