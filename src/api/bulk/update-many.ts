import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { ScriptUserState } from '../../graph/entities.js';
import type { Approval, QueuedUpdate, Update } from '../../graph/graph.js';
import type { Actor, Context } from '../context.js';
import { describeError, type ErrorShape, reasonOf } from '../errors.js';
import { type PoolRun, type Progress, runPool } from './worker-pool.js';

/** What became of one of many updates; `index` is its place in the input, from 0. */
export type UpdateResult =
  | { readonly index: number; readonly ok: true; readonly userState: ScriptUserState }
  | { readonly index: number; readonly ok: false; readonly error: ErrorShape };

/** Many updates, as they are asked for in one call. */
export interface UpdateMany {
  readonly updates: readonly Update[];
  readonly approval?: Approval | undefined;
}

/**
 * Makes many updates at Graph's own pace, each with an outcome and a line of audit of its own. All of them take their
 * places among the writes on their states at once; what has not been begun when the caller goes away never is.
 */
export function updateMany(
  ctx: Context & Actor,
  path: string,
  { updates, approval }: UpdateMany,
  signal: AbortSignal | undefined,
): AsyncIterable<UpdateResult | Progress> {
  const bulk = ctx.graph.userStates.updateMany(updates, { signal, approval }, (index) => settling.startNow(index));

  async function run(update: QueuedUpdate, index: number): Promise<UpdateResult> {
    const about = { action: 'update', target: update, fields: Object.keys(update.patch) } as const;
    try {
      const userState = await ctx.audit.write(ctx, about, () => update.run());
      return { index, ok: true, userState };
    } catch (thrown) {
      const error = getTRPCErrorFromUnknown(thrown);
      if (reasonOf(error) === 'INTERNAL') ctx.logFailure(error, path);
      return { index, ok: false, error: describeError(error, ctx.requestId, path) };
    }
  }

  const settling: PoolRun<UpdateResult> = runPool({ items: bulk.updates, run, onStop: () => bulk.end(), signal });
  return settling.results;
}
