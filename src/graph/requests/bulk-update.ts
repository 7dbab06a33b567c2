import { setMaxListeners } from 'node:events';
import { Clock, Deadline } from '../../scheduling/deadline.js';
import type { KeyedQueue, Place } from '../../scheduling/keyed-queue.js';
import { createTurn, type RequestPriority } from '../../scheduling/priority.js';
import type { ScriptUserState } from '../entities.js';
import type { Approval, BulkUpdate, Call, QueuedUpdate, Update, WriteResult } from '../graph.js';
import { stateKey } from '../routes.js';

/** What updates of many need of the layer. */
export interface BulkParts {
  readonly order: KeyedQueue;
  /** The longest that one update may take from its turn on, in milliseconds. */
  readonly deadlineMs: number;
  /** Sends one update, in its turn. */
  readonly update: (
    update: Update,
    approval: Approval,
    turn: RequestPriority,
    deadline: Deadline,
  ) => Promise<WriteResult<ScriptUserState>>;
  /** Aborts when no update is to be begun any more; its reason is what those are told that wait. */
  readonly closing: AbortSignal;
  /** Called at the end. */
  readonly leave: () => void;
}

/** Takes the places of several updates at once, and does each when it is asked for. */
export function createBulkUpdate(
  updates: readonly Update[],
  call: Call & { readonly approval?: Approval | undefined },
  wanted: (index: number) => void,
  { order, deadlineMs, update, closing, leave }: BulkParts,
): BulkUpdate {
  const calledOff = AbortSignal.any([closing, ...(call.signal ? [call.signal] : [])]);
  // Each of them listens to it.
  setMaxListeners(0, calledOff);
  // Several such calls take turns, also those of one person.
  const job = Symbol('bulk update');
  const notBegun = new Set<Place>();
  const placed = updates.map((each, index): QueuedUpdate => {
    const turn = createTurn(job, 'bulk');
    const place = order.place(stateKey(each), (lane) => {
      if (lane === 'interactive') turn.hurry();
      wanted(index);
    });
    notBegun.add(place);
    return {
      ...each,
      run() {
        notBegun.delete(place);
        const clock = new Clock(deadlineMs);
        const deadline = new Deadline(clock, calledOff);
        return place.run(deadline, () => update(each, call.approval ?? {}, turn, deadline)).finally(() => clock.stop());
      },
    };
  });
  return {
    updates: placed,
    end() {
      for (const place of notBegun) place.leave();
      leave();
    },
  };
}
