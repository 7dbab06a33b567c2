import { setMaxListeners } from 'node:events';
import { Deadline } from '../../scheduling/deadline.js';
import type { KeyedQueue, Reservation } from '../../scheduling/keyed-queue.js';
import type { Priority, RequestPriority } from '../../scheduling/priority.js';
import type { RateLimiter } from '../../scheduling/rate-limiter.js';
import type { ScriptUserState } from '../entities.js';
import type { BulkUpdate, QueuedUpdate, Update, UpdateOptions, WriteResult } from '../graph.js';
import { stateKey } from '../routes.js';
import type { CallContext } from './call-context.js';

/** The dependencies of {@link createBulkUpdate}. */
export interface BulkUpdateParts {
  readonly queue: KeyedQueue;
  readonly rateLimiter: Pick<RateLimiter, 'boost'>;
  /** The longest time one update may take once it has a slot, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when no further update may be sent; its reason is the error of the waiting updates. */
  readonly stopping: AbortSignal;
  readonly send: (
    update: Update,
    options: UpdateOptions,
    context: CallContext,
  ) => Promise<WriteResult<ScriptUserState>>;
  readonly onClose: () => void;
}

interface Row {
  readonly index: number;
  readonly update: Update;
  readonly priority: RequestPriority;
  readonly reservation: Reservation;
}

/** The rows of one state. If another write waits for one of them, all get its priority. */
interface StateRows {
  readonly rows: Row[];
  /** The highest priority of the writes that have waited for them. */
  contendedBy: Priority | undefined;
}

/** Reserves a position for each update, and sends it when it is run. */
export function createBulkUpdate(
  updates: readonly Update[],
  options: UpdateOptions,
  { queue, rateLimiter, deadlineMs, stopping, send, onClose }: BulkUpdateParts,
): BulkUpdate {
  const { caller, signal } = options;
  // Bulk updates are served in turn, also those of one user.
  const fairnessKey = Symbol('bulk update');
  const cancellation = new AbortController();
  // Each row in progress adds a listener.
  setMaxListeners(0, cancellation.signal);
  const stop = () => cancellation.abort(stopping.reason);
  const leave = () => cancellation.abort(signal?.reason);
  stopping.addEventListener('abort', stop);
  signal?.addEventListener('abort', leave);
  if (stopping.aborted) stop();
  if (signal?.aborted) leave();

  const states = new Map<string, StateRows>();
  let notifyContended: ((index: number) => void) | undefined;

  const rows = updates.map((update, index): Row => {
    const key = stateKey(update);
    const row = { index, update, priority: { fairnessKey, level: 'bulk' } as const, reservation: queue.reserve(key) };
    const state = states.get(key);
    if (state === undefined) states.set(key, { rows: [row], contendedBy: undefined });
    else state.rows.push(row);
    return row;
  });

  // Priority inheritance: a row gets the priority of a write that waits for it.
  const stopListening = queue.onContended((key, level) => {
    const state = states.get(key);
    if (state === undefined || state.contendedBy === 'interactive' || state.contendedBy === level) return;
    state.contendedBy = level;
    for (const { index, priority } of state.rows) {
      if (level === 'interactive') rateLimiter.boost(priority);
      notifyContended?.(index);
    }
  });

  async function run({ update, priority, reservation }: Row): Promise<WriteResult<ScriptUserState>> {
    const deadline = new Deadline({ totalMs: deadlineMs, cancellation: cancellation.signal });
    try {
      return await reservation.run(priority, deadline, () => send(update, options, { caller, priority, deadline }));
    } finally {
      deadline.dispose();
    }
  }

  return {
    updates: rows.map((row): QueuedUpdate => ({ ...row.update, run: () => run(row) })),
    onContended(listener) {
      notifyContended = listener;
    },
    cancelRemaining() {
      stopListening();
      stopping.removeEventListener('abort', stop);
      signal?.removeEventListener('abort', leave);
      cancellation.abort();
      for (const { reservation } of rows) reservation.release();
      onClose();
    },
  };
}
