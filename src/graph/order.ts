import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';

/** Runs work on one key one after the other, in the order in which it was handed over. */
export type InOrder = <T>(key: string, deadline: Deadline, work: () => Promise<T>) => Promise<T>;

/**
 * Keeps the order of writes on one state. Work whose time is over before its turn comes is never begun.
 *
 * @returns a function that throws `GRAPH_UNAVAILABLE` or `CLIENT_CLOSED` for work that was not begun
 */
export function createOrder(): InOrder {
  const tails = new Map<string, Promise<unknown>>();

  return async function inOrder(key, deadline, work) {
    const before = tails.get(key);
    let begun = false;
    const turn = (before ?? Promise.resolve()).then(() => {
      if (deadline.signal.aborted || !deadline.allowsAttemptAfter(0)) throw notBegun(deadline);
      begun = true;
      return work();
    });
    const tail = turn.catch(() => undefined);
    tails.set(key, tail);
    void tail.finally(() => tails.get(key) === tail && tails.delete(key));
    if (before === undefined) return turn;
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (!begun) reject(notBegun(deadline));
      };
      deadline.signal.addEventListener('abort', leave, { once: true });
      void turn.then(resolve, reject).finally(() => deadline.signal.removeEventListener('abort', leave));
    });
  };
}

function notBegun(deadline: Deadline): GraphError {
  const closed = deadline.signal.aborted && !deadline.expired;
  if (closed) return new GraphError('CLIENT_CLOSED');
  const cause = new Error('the time was over before earlier writes on the same state had ended');
  return new GraphError('GRAPH_UNAVAILABLE', { cause });
}
