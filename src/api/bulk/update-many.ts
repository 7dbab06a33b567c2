import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { Actor } from '../../audit/audit.js';
import type { Approval, QueuedUpdate, Update } from '../../graph/graph.js';
import type { ScriptUserState } from '../../script-user-state.js';
import type { Context } from '../context.js';
import type { ErrorShape } from '../error-data.js';
import { describeError, reasonOf } from '../errors.js';
import { type Progress, runPool } from './worker-pool.js';

/** The result of one of many updates; `index` is its position in the input, from 0. */
export type UpdateResult =
  | { readonly type: 'result'; readonly index: number; readonly ok: true; readonly userState: ScriptUserState }
  | { readonly type: 'result'; readonly index: number; readonly ok: false; readonly error: ErrorShape };

/** Many updates in one call. */
export interface UpdateManyInput {
  readonly updates: readonly Update[];
  readonly approval?: Approval | undefined;
}

/**
 * Sends many updates as Graph's quota allows, each with its own outcome and audit lines. It reserves a position for
 * every update in its state's queue up front. When the caller disconnects, the updates that have not started are never
 * sent.
 */
export function updateMany(
  ctx: Context & Actor,
  path: string,
  { updates, approval }: UpdateManyInput,
  signal: AbortSignal | undefined,
): AsyncIterable<UpdateResult | Progress> {
  const { caller, graph } = ctx;
  const bulk = graph.userStates.updateMany(updates, { caller, signal, approval });

  async function run(update: QueuedUpdate, index: number): Promise<UpdateResult> {
    const write = { action: 'update', target: update, values: update.patch } as const;
    try {
      const userState = await ctx.audit.write(ctx, write, (hooks) => update.run(hooks));
      return { type: 'result', index, ok: true, userState };
    } catch (thrown) {
      const error = getTRPCErrorFromUnknown(thrown);
      if (reasonOf(error) === 'INTERNAL') ctx.logFailure(error, path);
      return { type: 'result', index, ok: false, error: describeError(error, ctx.requestId, path) };
    }
  }

  const pool = runPool({ items: bulk.updates, run, onStop: () => bulk.cancelRemaining(), signal });
  bulk.onContended((index) => pool.startNow(index));
  return pool.results;
}
