import { setMaxListeners } from 'node:events';
import { Deadline } from '../../scheduling/deadline.js';
import type { KeyedQueue, Reservation } from '../../scheduling/keyed-queue.js';
import type { RequestPriority } from '../../scheduling/priority.js';
import type { ScriptUserState } from '../../script-user-state.js';
import type { BulkUpdate, CallOptions, QueuedUpdate, Update, WriteHooks, WriteResult } from '../graph.js';
import { stateKey } from '../paths.js';
import type { CallContext } from './call-context.js';

/** The dependencies of {@link createBulkUpdate}. */
export interface BulkUpdateParts {
  readonly queue: KeyedQueue;
  /** Raises the priority of a row, whatever it waits for. */
  readonly boost: (priority: RequestPriority) => void;
  /** The longest time one update may take once it has a slot, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when no further update may be sent; its reason is the error of the waiting updates. */
  readonly stopping: AbortSignal;
  readonly send: (update: Update, context: CallContext) => Promise<WriteResult<ScriptUserState>>;
  readonly onClose: () => void;
}

interface Row {
  readonly index: number;
  readonly update: Update;
  readonly priority: RequestPriority;
  readonly reservation: Reservation;
  readonly state: StateRows;
}

/** The rows of one state. They are sent one after the other. */
interface StateRows {
  readonly rows: Row[];
  /** Whether a write has waited for them. From then on, one of them is always in progress. */
  isContended: boolean;
  /** Whether an interactive write has waited for them. */
  isBoosted: boolean;
  /** The first row that may not have been started. */
  next: number;
}

/** Reserves a position for each update, and sends it when it is run. */
export function createBulkUpdate(
  updates: readonly Update[],
  { caller, signal }: CallOptions,
  { queue, boost, deadlineMs, stopping, send, onClose }: BulkUpdateParts,
): BulkUpdate {
  // The bulk updates of one user take turns.
  const fairnessKey = Symbol('bulk update');
  const cancellation = new AbortController();
  // Each row in progress listens to it.
  setMaxListeners(0, cancellation.signal);
  const stop = () => cancellation.abort(stopping.reason);
  const cancel = () => cancellation.abort(signal?.reason);
  stopping.addEventListener('abort', stop);
  signal?.addEventListener('abort', cancel);
  if (stopping.aborted) stop();
  if (signal?.aborted) cancel();

  const states = new Map<string, StateRows>();
  const started = new Set<Row>();
  let inProgress = 0;
  let isClosed = false;
  let notifyContended: ((index: number) => void) | undefined;

  const rows = updates.map((update, index): Row => {
    const key = stateKey(update);
    const state = states.get(key) ?? { rows: [], isContended: false, isBoosted: false, next: 0 };
    states.set(key, state);
    const priority: RequestPriority = { fairnessKey, user: caller.fairnessKey, level: 'bulk' };
    const row = { index, update, priority, reservation: queue.reserve(key), state };
    state.rows.push(row);
    return row;
  });

  // Priority inheritance: a row inherits the priority of a write that waits for it.
  const stopListening = queue.onContended((key, level) => {
    const state = states.get(key);
    if (state === undefined) return;
    if (level === 'interactive' && !state.isBoosted) {
      state.isBoosted = true;
      for (const { priority } of state.rows) boost(priority);
    }
    if (state.isContended) return;
    state.isContended = true;
    startNext(state);
  });

  function startNext(state: StateRows): void {
    let row: Row | undefined;
    do row = state.rows[state.next++];
    while (row !== undefined && started.has(row));
    if (row !== undefined) notifyContended?.(row.index);
  }

  async function run(row: Row, hooks: WriteHooks | undefined): Promise<WriteResult<ScriptUserState>> {
    const { update, priority, reservation, state } = row;
    started.add(row);
    inProgress++;
    const deadline = new Deadline({ totalMs: deadlineMs, cancellation: cancellation.signal });
    try {
      return await reservation.run(priority, deadline, () => send(update, { caller, priority, deadline, hooks }));
    } finally {
      deadline.dispose();
      inProgress--;
      if (state.isContended) startNext(state);
      if (isClosed && inProgress === 0) stopListening();
    }
  }

  return {
    updates: rows.map((row): QueuedUpdate => ({ ...row.update, run: (hooks) => run(row, hooks) })),
    onContended(listener) {
      notifyContended = listener;
    },
    cancelRemaining() {
      isClosed = true;
      // Rows that have been sent can still inherit a priority.
      if (inProgress === 0) stopListening();
      stopping.removeEventListener('abort', stop);
      signal?.removeEventListener('abort', cancel);
      cancellation.abort();
      for (const { reservation } of rows) reservation.release();
      onClose();
    },
  };
}
