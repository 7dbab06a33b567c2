import { CallError, type CallReason } from '../errors.js';
import type { Deadline } from './deadline.js';
import type { PriorityLevel, RequestPriority } from './priority.js';
import type { OpenSharedQueue, Ticket } from './shared-queue.js';

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

/** What the reservations of all keys share. */
interface Queues {
  readonly lastByKey: Map<string, QueueNode>;
  readonly notifyContended: ContentionListener;
  readonly timeoutReason: CallReason;
}

/**
 * An element of the doubly linked list of a key's reservations. A class, because thousands wait: closures take more.
 */
class QueueNode implements Reservation {
  readonly #queues: Queues;
  readonly #key: string;
  readonly #ticket: Ticket | undefined;
  #state: 'reserved' | 'running' | 'released' = 'reserved';
  #previous: QueueNode | undefined;
  #next: QueueNode | undefined;
  /** Starts the work, if it is waiting. */
  #start: (() => void) | undefined;

  constructor(queues: Queues, key: string, ticket: Ticket | undefined) {
    this.#queues = queues;
    this.#key = key;
    this.#ticket = ticket;
    this.#previous = queues.lastByKey.get(key);
    if (this.#previous !== undefined) this.#previous.#next = this;
    queues.lastByKey.set(key, this);
  }

  release(): void {
    if (this.#state === 'reserved') this.#leave();
  }

  async run<T>(priority: RequestPriority, deadline: Deadline, work: () => Promise<T>): Promise<T> {
    if (this.#state !== 'reserved') throw new TypeError('a reservation can be used once');
    this.#state = 'running';
    const { notifyContended, timeoutReason } = this.#queues;
    try {
      if (this.#previous !== undefined && !deadline.isDone) {
        notifyContended(this.#key, priority.level);
        await this.#becomesFirst(deadline);
      }
      if (!deadline.isDone) await this.#ticket?.wait(priority, deadline);
      if (deadline.isDone || !deadline.allowsAttemptAfter(0)) throw notStarted(deadline, timeoutReason);
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves when this has become the first node, or when the deadline is done. */
  #becomesFirst(deadline: Deadline): Promise<void> {
    if (this.#previous === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        this.#start = undefined;
        removeListener();
        resolve();
      };
      const removeListener = deadline.onDone(settle);
      this.#start = settle;
    });
  }

  #leave(): void {
    this.#state = 'released';
    this.#ticket?.release();
    const previous = this.#previous;
    const next = this.#next;
    if (previous !== undefined) previous.#next = next;
    if (next !== undefined) next.#previous = previous;
    else if (previous !== undefined) this.#queues.lastByKey.set(this.#key, previous);
    else this.#queues.lastByKey.delete(this.#key);
    if (previous === undefined && next !== undefined) next.#start?.();
  }
}

/**
 * Creates a keyed queue. Work whose deadline passes while it waits never starts.
 *
 * @param timeoutReason the reason of the error for work that could not start within its deadline
 * @param openSharedQueue opens the queue that is shared with other replicas, if there are any
 */
export function createKeyedQueue(timeoutReason: CallReason, openSharedQueue?: OpenSharedQueue): KeyedQueue {
  const listeners = new Set<ContentionListener>();
  const notifyContended: ContentionListener = (key, level) => {
    for (const listener of listeners) listener(key, level);
  };
  const shared = openSharedQueue?.(notifyContended);
  const queues: Queues = { lastByKey: new Map(), notifyContended, timeoutReason };

  return {
    reserve: (key) => new QueueNode(queues, key, shared?.enqueue(key)),
    onContended(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function notStarted(deadline: Deadline, timeoutReason: CallReason): CallError {
  if (!deadline.isExpired && deadline.isDone) return deadline.cancellationError;
  const cause = new Error('earlier work of the same key did not end within the deadline');
  return new CallError(timeoutReason, { cause });
}
