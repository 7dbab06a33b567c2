import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';
import type { Lane } from './turn.js';

/** A place in the order of the writes on one state, taken when the write reached the service. */
export interface Place {
  /**
   * Does the work once every place before this one has been left, and leaves.
   *
   * @throws {GraphError} `GRAPH_UNAVAILABLE` or `CLIENT_CLOSED` for work that was not begun in time
   */
  run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>;
  /** Leaves without having done anything. */
  leave(): void;
}

/** Keeps writes on one key one after the other. */
export interface Order {
  /**
   * Takes the next place on a key.
   *
   * @param behind for work that can wait: called when other work waits behind it, with that work's lane
   */
  place(key: string, behind?: (lane: Lane) => void): Place;
}

interface Waiter {
  readonly behind: ((lane: Lane) => void) | undefined;
  start: (() => void) | undefined;
}

/** Makes the order. Work whose time is over before its turn comes is never begun. */
export function createOrder(): Order {
  const queues = new Map<string, Waiter[]>();

  return {
    place(key, behind) {
      const queue = queues.get(key) ?? [];
      if (queue.length === 0) queues.set(key, queue);
      const self: Waiter = { behind, start: undefined };
      queue.push(self);

      const tellAhead = (lane: Lane) => {
        for (const ahead of queue.slice(0, queue.indexOf(self))) ahead.behind?.(lane);
      };

      const leave = () => {
        const index = queue.indexOf(self);
        if (index < 0) return;
        queue.splice(index, 1);
        if (queue.length === 0) queues.delete(key);
        else if (index === 0) queue[0]?.start?.();
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
            if (queue[0] !== self && !deadline.over) {
              tellAhead(behind === undefined ? 'interactive' : 'bulk');
              await turn(deadline);
            }
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

function notBegun(deadline: Deadline): GraphError {
  if (deadline.over && !deadline.expired) return new GraphError('CLIENT_CLOSED');
  const cause = new Error('the time was over before earlier writes on the same state had ended');
  return new GraphError('GRAPH_UNAVAILABLE', { cause });
}
