import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { Actor } from '../audit/audit.js';
import { runUpdates } from '../bulk/row-updates.js';
import type { Progress } from '../bulk/worker-pool.js';
import type { Update, UpdateMode, UserStatePatch } from '../graph/graph.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { Context } from './context.js';
import type { ErrorShape } from './error-data.js';
import { describeError, reasonOf } from './errors.js';

/** The result of one of many updates; `index` is its position in the input, from 0. */
export type UpdateResult =
  | { readonly type: 'result'; readonly index: number; readonly ok: true; readonly userState: ScriptUserState }
  | { readonly type: 'result'; readonly index: number; readonly ok: false; readonly error: ErrorShape };

/** One update of several. */
export interface UpdateRow extends Omit<Update, keyof UpdateMode> {
  readonly patch: UserStatePatch;
  /** Takes precedence over the approval of the whole call. */
  readonly approval?: { readonly code: string } | undefined;
}

/** Several updates. */
export interface UpdateManyInput {
  /** 1 to 5,000 updates. */
  readonly updates: readonly UpdateRow[];
  /** Files each update that has no approval of its own. */
  readonly approval?: { readonly justification: string } | undefined;
}

/** A call counts as at least this many waiting rows, which its request was admitted with. */
export const minRows = 500;

/**
 * Sends many updates as Graph's quota allows, each with its own outcome and audit lines. When the caller disconnects,
 * the updates that have not started are never sent.
 *
 * @throws {CallError} `OVERLOADED` if the service has no memory for that many rows
 */
export function updateMany(
  ctx: Context & Actor,
  path: string,
  { updates, approval }: UpdateManyInput,
  signal: AbortSignal | undefined,
): AsyncIterable<UpdateResult | Progress> {
  const { admission, audit, caller, graph, requestId } = ctx;
  admission.add('rows', Math.max(0, updates.length - minRows));
  let unread = updates.length;
  return runUpdates<UpdateResult>({
    updates,
    graph,
    audit,
    actor: ctx,
    caller,
    approval,
    signal,
    settle(index, settled) {
      if (settled.ok) return { type: 'result', index, ok: true, userState: settled.result.value };
      const error = getTRPCErrorFromUnknown(settled.error);
      if (reasonOf(error) === 'INTERNAL') ctx.logFailure(error, path);
      return { type: 'result', index, ok: false, error: describeError(error, requestId, path) };
    },
    onResultsRead(count) {
      admission.release('rows', Math.min(count, Math.max(0, unread - minRows)));
      unread -= count;
    },
  });
}
