import { CallError } from '../errors.js';
import type { Deadline } from './deadline.js';
import type { Priority } from './priority.js';
import type { OpenSharedQueue } from './shared-queue.js';

/** A place in the order of the writes on one state, taken when the write reached the service. */
export interface Place {
  /**
   * Does the work once every place before this one has been left, and leaves.
   *
   * @throws {CallError} `GRAPH_UNAVAILABLE` for work that was not begun in time, or why it was called off
   */
  run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>;
  /** Leaves without having done anything. */
  leave(): void;
}

/** Keeps writes on one key one after the other. */
export interface KeyedQueue {
  /**
   * Takes the next place on a key.
   *
   * @param behind for work that can wait: called when other work waits behind it, with that work's lane
   */
  place(key: string, behind?: (lane: Priority) => void): Place;
}

/** One place among those on the same key, which are a chain. */
interface Link {
  readonly behind: ((lane: Priority) => void) | undefined;
  ahead: Link | undefined;
  next: Link | undefined;
  /** Lets its work begin, when it waits for that. */
  start: (() => void) | undefined;
  /** The lane of the work that waits behind it, as far as it has been told. */
  told: Priority | undefined;
}

/**
 * Makes the order. Work whose time is over before its turn comes is never begun.
 *
 * @param openLine opens the lines that are shared with other replicas, if there are any
 */
export function createKeyedQueue(openLine?: OpenSharedQueue): KeyedQueue {
  const lasts = new Map<string, Link>();
  const line = openLine?.((key, lane) => tellUpTo(lasts.get(key), lane));

  // Whoever has been told has told those ahead.
  function tellUpTo(last: Link | undefined, lane: Priority): void {
    const untold: Link[] = [];
    for (let at = last; at && at.told !== lane && at.told !== 'interactive'; at = at.ahead) untold.push(at);
    for (const each of untold) each.told = lane;
    for (const each of untold.toReversed()) each.behind?.(lane);
  }

  return {
    place(key, behind) {
      const self: Link = { behind, ahead: lasts.get(key), next: undefined, start: undefined, told: undefined };
      if (self.ahead !== undefined) self.ahead.next = self;
      lasts.set(key, self);
      const ticket = line?.join(key);
      const lane = (): Priority => (behind === undefined || self.told === 'interactive' ? 'interactive' : 'bulk');
      let left = false;

      const leave = () => {
        if (left) return;
        left = true;
        ticket?.leave();
        const { ahead, next } = self;
        if (ahead !== undefined) ahead.next = next;
        if (next !== undefined) next.ahead = ahead;
        else if (ahead !== undefined) lasts.set(key, ahead);
        else lasts.delete(key);
        if (ahead === undefined) next?.start?.();
      };

      const turn = (deadline: Deadline) =>
        new Promise<void>((resolve, reject) => {
          const settle = () => {
            self.start = undefined;
            forget();
          };
          const forget = deadline.whenOver(() => {
            settle();
            reject(notBegun(deadline));
          });
          self.start = () => {
            settle();
            resolve();
          };
        });

      return {
        leave,
        async run(deadline, work) {
          try {
            if (self.ahead !== undefined && !deadline.over) {
              tellUpTo(self.ahead, lane());
              await turn(deadline);
            }
            if (ticket !== undefined && !deadline.over) await ticket.turn(deadline, lane);
            if (deadline.over || !deadline.allowsAttemptAfter(0)) throw notBegun(deadline);
            return await work();
          } finally {
            leave();
          }
        },
      };
    },
  };
}

function notBegun(deadline: Deadline): CallError {
  if (deadline.over && !deadline.expired) return deadline.calledOff;
  const cause = new Error('the time was over before earlier writes on the same state had ended');
  return new CallError('GRAPH_UNAVAILABLE', { cause });
}
