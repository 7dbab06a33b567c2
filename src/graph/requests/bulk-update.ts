import { setMaxListeners } from 'node:events';
import { Deadline } from '../../scheduling/deadline.js';
import type { KeyedQueue, Reservation } from '../../scheduling/keyed-queue.js';
import type { RequestPriority } from '../../scheduling/priority.js';
import type { ScriptUserState } from '../../script-user-state.js';
import type { BulkUpdate, CallOptions, Update, WriteHooks, WriteResult } from '../graph.js';
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
}

/** A row that waits is this object, its reservation, and nothing else: there are thousands of them. */
interface Row {
  readonly index: number;
  readonly update: Update;
  readonly reservation: Reservation;
  readonly state: StateRows;
  /** The next row of the same state. */
  next: Row | undefined;
  /** Set when it is started. */
  priority: RequestPriority | undefined;
}

/** The rows of one state, as a linked list. They are sent one after the other. */
interface StateRows {
  /** The first row that may not have been started. */
  first: Row | undefined;
  last: Row | undefined;
  /** Whether a write has waited for them. From then on, one of them is always in progress. */
  isContended: boolean;
  /** Whether an interactive write has waited for them. */
  isBoosted: boolean;
}

/** Reserves a position for each update, and sends it when it is run. */
export function createBulkUpdate(
  updates: readonly Update[],
  { caller, signal }: CallOptions,
  { queue, boost, deadlineMs, stopping, send }: BulkUpdateParts,
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
  const inProgress = new Set<Row>();
  let isClosed = false;
  let notifyContended: ((index: number) => void) | undefined;

  const rows = updates.map((update, index): Row => {
    const key = stateKey(update);
    const state = states.get(key) ?? { first: undefined, last: undefined, isContended: false, isBoosted: false };
    const row: Row = { index, update, reservation: queue.reserve(key), state, next: undefined, priority: undefined };
    if (state.last === undefined) {
      state.first = row;
      states.set(key, state);
    } else state.last.next = row;
    state.last = row;
    return row;
  });

  // Priority inheritance: a row inherits the priority of a write that waits for it.
  const stopListening = queue.onContended((key, level) => {
    const state = states.get(key);
    if (state === undefined) return;
    if (level === 'interactive' && !state.isBoosted) {
      state.isBoosted = true;
      for (const row of inProgress) if (row.state === state && row.priority !== undefined) boost(row.priority);
    }
    if (state.isContended) return;
    state.isContended = true;
    startNext(state);
  });

  function startNext(state: StateRows): void {
    while (state.first?.priority !== undefined) state.first = state.first.next;
    if (state.first !== undefined) notifyContended?.(state.first.index);
  }

  async function run(row: Row, hooks: WriteHooks | undefined): Promise<WriteResult<ScriptUserState>> {
    const { update, reservation, state } = row;
    const level = state.isBoosted ? 'interactive' : 'bulk';
    const priority: RequestPriority = { fairnessKey, user: caller.fairnessKey, level };
    row.priority = priority;
    inProgress.add(row);
    const deadline = new Deadline({ totalMs: deadlineMs, cancellation: cancellation.signal });
    try {
      return await reservation.run(priority, deadline, () => send(update, { caller, priority, deadline, hooks }));
    } finally {
      deadline.dispose();
      inProgress.delete(row);
      if (state.isContended) startNext(state);
      if (isClosed && inProgress.size === 0) stopListening();
    }
  }

  return {
    run(index, hooks) {
      const row = rows[index];
      if (row === undefined) throw new RangeError('no such update');
      return run(row, hooks);
    },
    onContended(listener) {
      notifyContended = listener;
    },
    cancelRemaining() {
      isClosed = true;
      // Rows that have been sent can still inherit a priority.
      if (inProgress.size === 0) stopListening();
      stopping.removeEventListener('abort', stop);
      signal?.removeEventListener('abort', cancel);
      cancellation.abort();
      for (const { reservation } of rows) reservation.release();
    },
  };
}
