import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';

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
   * @param hurry for work that can wait: called when somebody else waits behind it
   */
  place(key: string, hurry?: () => void): Place;
}

interface Waiter {
  readonly hurry: (() => void) | undefined;
  start: (() => void) | undefined;
}

/** Makes the order. Work whose time is over before its turn comes is never begun. */
export function createOrder(): Order {
  const queues = new Map<string, Waiter[]>();

  return {
    place(key, hurry) {
      const queue = queues.get(key) ?? [];
      if (queue.length === 0) queues.set(key, queue);
      const self: Waiter = { hurry, start: undefined };
      queue.push(self);
      // Those ahead may leave while they are told.
      if (hurry === undefined && queue.length > 1) for (const ahead of [...queue]) ahead.hurry?.();

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
            deadline.signal.removeEventListener('abort', giveUp);
          };
          const giveUp = () => {
            settle();
            reject(notBegun(deadline));
          };
          self.start = () => {
            settle();
            resolve();
          };
          deadline.signal.addEventListener('abort', giveUp, { once: true });
          if (deadline.signal.aborted) giveUp();
        });

      return {
        leave,
        async run(deadline, work) {
          try {
            if (queue[0] !== self) await turn(deadline);
            if (deadline.signal.aborted || !deadline.allowsAttemptAfter(0)) throw notBegun(deadline);
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
  const closed = deadline.signal.aborted && !deadline.expired;
  if (closed) return new GraphError('CLIENT_CLOSED');
  const cause = new Error('the time was over before earlier writes on the same state had ended');
  return new GraphError('GRAPH_UNAVAILABLE', { cause });
}
