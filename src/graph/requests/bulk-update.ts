import { setMaxListeners } from 'node:events';
import { Deadline } from '../../scheduling/deadline.js';
import type { KeyedQueue, Reservation } from '../../scheduling/keyed-queue.js';
import type { Priority, RequestPriority } from '../../scheduling/priority.js';
import type { RateLimiter } from '../../scheduling/rate-limiter.js';
import type { ScriptUserState } from '../entities.js';
import type { BulkUpdate, QueuedUpdate, Update, UpdateOptions, WriteResult } from '../graph.js';
import { stateKey } from '../routes.js';
import type { CallContext } from './call-context.js';

/** What {@link createBulkUpdate} needs. */
export interface BulkUpdateParts {
  readonly queue: KeyedQueue;
  readonly rateLimiter: Pick<RateLimiter, 'boost'>;
  /** The longest time one update may take once it has a slot, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when no further update may be sent; its reason is the error of those that wait. */
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

/** The rows of one state, which are all sent as soon as another write waits for one of them. */
interface StateRows {
  readonly rows: Row[];
  /** The highest priority of a write that has waited for them. */
  contendedBy: Priority | undefined;
}

/** Reserves a position for each update, and sends it when it is run. */
export function createBulkUpdate(
  updates: readonly Update[],
  options: UpdateOptions,
  { queue, rateLimiter, deadlineMs, stopping, send, onClose }: BulkUpdateParts,
): BulkUpdate {
  const { caller, signal } = options;
  // Bulk updates take turns, also those of one person.
  const fairnessKey = Symbol('bulk update');
  const cancellation = new AbortController();
  // Each row in progress listens to it.
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

  // Priority inheritance: a write that waits for a row lends it its priority.
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
