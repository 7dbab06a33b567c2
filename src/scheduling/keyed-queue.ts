import { CallError, type CallReason } from '../errors.js';
import type { Deadline } from './deadline.js';
import type { PriorityLevel, RequestPriority } from './priority.js';
import type { OpenSharedQueue } from './shared-queue.js';

/** A position in the queue of a key. */
export interface Reservation {
  /**
   * Does the work when every earlier reservation of the key has been released, then releases this one.
   *
   * @throws {CallError} if the work could not start within the deadline, or the deadline's cancellation error
   */
  run<T>(priority: RequestPriority, deadline: Deadline, work: () => Promise<T>): Promise<T>;
  /** Releases the position, unless `run` has been called. */
  release(): void;
}

/** Called when a request waits for others of the same key, so that those can inherit its priority. */
export type ContentionListener = (key: string, level: PriorityLevel) => void;

/** A mutex per key that serves reservations first in, first out. */
export interface KeyedQueue {
  /** Takes the next position in the queue of a key. */
  reserve(key: string): Reservation;
  /** @returns removes the listener */
  onContended(listener: ContentionListener): () => void;
}

/** An element of the doubly linked list of a key's reservations. */
interface Node {
  previous: Node | undefined;
  next: Node | undefined;
  /** Starts the work, if it is waiting. */
  start: (() => void) | undefined;
}

/**
 * Creates a keyed queue. Work whose deadline passes while it waits never starts.
 *
 * @param timeoutReason the reason of the error for work that could not start within its deadline
 * @param openSharedQueue opens the queue that is shared with other replicas, if there are any
 */
export function createKeyedQueue(timeoutReason: CallReason, openSharedQueue?: OpenSharedQueue): KeyedQueue {
  const lastByKey = new Map<string, Node>();
  const listeners = new Set<ContentionListener>();
  const notifyContended: ContentionListener = (key, level) => {
    for (const listener of listeners) listener(key, level);
  };
  const shared = openSharedQueue?.(notifyContended);

  return {
    reserve(key) {
      const self: Node = { previous: lastByKey.get(key), next: undefined, start: undefined };
      if (self.previous !== undefined) self.previous.next = self;
      lastByKey.set(key, self);
      const ticket = shared?.enqueue(key);
      let state: 'reserved' | 'running' | 'released' = 'reserved';

      function leave(): void {
        state = 'released';
        ticket?.release();
        const { previous, next } = self;
        if (previous !== undefined) previous.next = next;
        if (next !== undefined) next.previous = previous;
        else if (previous !== undefined) lastByKey.set(key, previous);
        else lastByKey.delete(key);
        if (previous === undefined) next?.start?.();
      }

      return {
        release() {
          if (state === 'reserved') leave();
        },
        async run(priority, deadline, work) {
          if (state !== 'reserved') throw new TypeError('a reservation can be used once');
          state = 'running';
          try {
            if (self.previous !== undefined && !deadline.isDone) {
              notifyContended(key, priority.level);
              await becomesFirst(self, deadline);
            }
            if (!deadline.isDone) await ticket?.wait(priority, deadline);
            if (deadline.isDone || !deadline.allowsAttemptAfter(0)) throw notStarted(deadline, timeoutReason);
            return await work();
          } finally {
            leave();
          }
        },
      };
    },
    onContended(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Resolves when a node has become the first one, or when the deadline is done. */
function becomesFirst(node: Node, deadline: Deadline): Promise<void> {
  if (node.previous === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      node.start = undefined;
      removeListener();
      resolve();
    };
    const removeListener = deadline.onDone(settle);
    node.start = settle;
  });
}

function notStarted(deadline: Deadline, timeoutReason: CallReason): CallError {
  if (!deadline.isExpired && deadline.isDone) return deadline.cancellationError;
  const cause = new Error('earlier work of the same key did not end within the deadline');
  return new CallError(timeoutReason, { cause });
}
