import { context } from '@opentelemetry/api';
import type { Actor, Audit } from '../audit/audit.js';
import type { Approval, Caller, Graph, Update, WriteResult } from '../graph/graph.js';
import type { ScriptUserState } from '../script-user-state.js';
import { type Progress, runPool } from './worker-pool.js';

/** The outcome of one update. */
export type SettledUpdate =
  | { readonly ok: true; readonly result: WriteResult<ScriptUserState> }
  | { readonly ok: false; readonly error: unknown };

/** Many updates that are sent as Graph's quota allows. */
export interface RowUpdates<T> {
  readonly updates: readonly Update[];
  readonly graph: Graph;
  readonly audit: Audit;
  readonly actor: Actor;
  readonly caller: Caller;
  /** Of the updates that have no approval of their own. */
  readonly approval?: Approval | undefined;
  /** Aborts when the results are no longer needed. The updates that have not been sent are cancelled. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Aborts when no further update may be sent, but the results are still needed. Its reason, a `CallError`, is the error
   * of the updates that have not been sent. Those that have not been started have no line of audit.
   */
  readonly halt?: AbortSignal | undefined;
  /** Called with the state before a write, if it was read. If it throws, nothing is sent. */
  readonly onRead?: (index: number, state: ScriptUserState) => void;
  /** Called before each request of a write. If it rejects, the request is not sent. */
  readonly beforeSend?: (index: number) => Promise<void>;
  /** Called when an update has failed, before a later one for the same state is sent. */
  readonly onFailure?: (index: number, error: unknown) => void;
  /** Whether an update that has failed is sent again later. */
  readonly isPostponed?: (index: number) => boolean;
  /** Creates the result of an update. Never rejects. */
  readonly settle: (index: number, settled: SettledUpdate) => T | Promise<T>;
  /** Called when the reader has received that many results. */
  readonly onResultsRead?: (count: number) => void;
}

/**
 * Runs the updates, each with its own outcome and audit lines. It reserves a position for every update in its state's
 * queue up front; the work starts with the first read.
 */
export function runUpdates<T>(options: RowUpdates<T>): AsyncIterable<T | Progress> {
  const { updates, graph, audit, actor, caller, approval, signal, halt, settle } = options;
  const bulk = graph.userStates.updateMany(updates, { caller, signal: halt ?? signal, approval });

  async function send(update: Update, index: number, onSent: () => void): Promise<SettledUpdate> {
    if (halt?.aborted) return { ok: false, error: halt.reason };
    let result: WriteResult<ScriptUserState> | undefined;
    try {
      const value = await audit.write(
        actor,
        {
          action: 'update',
          target: update,
          values: update.patch,
          isPostponed: () => options.isPostponed?.(index) ?? false,
        },
        async (hooks) => {
          const running = bulk.run(index, {
            onRead(state) {
              hooks.onRead(state);
              options.onRead?.(index, state);
            },
            async beforeSend() {
              onSent();
              await Promise.all([hooks.beforeSend(), options.beforeSend?.(index)]);
            },
          });
          result = await running.catch((error: unknown) => {
            options.onFailure?.(index, error);
            throw error;
          });
          return result;
        },
      );
      return { ok: true, result: result ?? { value, graph: {} } };
    } catch (error) {
      return { ok: false, error };
    }
  }

  async function run(update: Update, index: number, onSent: () => void): Promise<T> {
    return settle(index, await send(update, index, onSent));
  }

  const pool = runPool({
    items: updates,
    // The updates start when the results are read, which may not be in the context of the call's span.
    run: context.bind(context.active(), run),
    onRead: (count) => options.onResultsRead?.(count),
    onStop: () => bulk.cancelRemaining(),
    signal,
  });
  bulk.onContended((index) => pool.startNow(index));
  return pool.results;
}
