import { context } from '@opentelemetry/api';
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { Actor } from '../../audit/audit.js';
import type { Update } from '../../graph/graph.js';
import type { ScriptUserState } from '../../script-user-state.js';
import type { Context } from '../context.js';
import type { ErrorShape } from '../error-data.js';
import { describeError, reasonOf } from '../errors.js';
import { type Progress, runPool } from './worker-pool.js';

/** The result of one of many updates; `index` is its position in the input, from 0. */
export type UpdateResult =
  | { readonly type: 'result'; readonly index: number; readonly ok: true; readonly userState: ScriptUserState }
  | { readonly type: 'result'; readonly index: number; readonly ok: false; readonly error: ErrorShape };

/** One update of several. */
export interface UpdateRow extends Update {
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

/** A call takes as much memory as at least this many waiting rows. Its request has been admitted with them. */
export const minRows = 500;

/**
 * Sends many updates as Graph's quota allows, each with its own outcome and audit lines. It reserves a position for
 * every update in its state's queue up front. When the caller disconnects, the updates that have not started are never
 * sent.
 *
 * @throws {CallError} `OVERLOADED` if the service has no memory for so many rows
 */
export function updateMany(
  ctx: Context & Actor,
  path: string,
  { updates, approval }: UpdateManyInput,
  signal: AbortSignal | undefined,
): AsyncIterable<UpdateResult | Progress> {
  const { admission, caller, graph } = ctx;
  admission.add('rows', Math.max(0, updates.length - minRows));
  const bulk = graph.userStates.updateMany(updates, { caller, signal, approval });

  async function run(update: Update, index: number, onSent: () => void): Promise<UpdateResult> {
    const write = { action: 'update', target: update, values: update.patch } as const;
    try {
      const userState = await ctx.audit.write(ctx, write, ({ onRead, beforeSend }) =>
        bulk.run(index, {
          onRead,
          beforeSend() {
            onSent();
            return beforeSend();
          },
        }),
      );
      return { type: 'result', index, ok: true, userState };
    } catch (thrown) {
      const error = getTRPCErrorFromUnknown(thrown);
      if (reasonOf(error) === 'INTERNAL') ctx.logFailure(error, path);
      return { type: 'result', index, ok: false, error: describeError(error, ctx.requestId, path) };
    }
  }

  // The updates start when the stream is read, which is not in the context of the call's span.
  const runInTrace = context.bind(context.active(), run);
  let unread = updates.length;
  const pool = runPool({
    items: updates,
    run: runInTrace,
    onRead(count) {
      admission.release('rows', Math.min(count, Math.max(0, unread - minRows)));
      unread -= count;
    },
    onStop: () => bulk.cancelRemaining(),
    signal,
  });
  bulk.onContended((index) => pool.startNow(index));
  return pool.results;
}
