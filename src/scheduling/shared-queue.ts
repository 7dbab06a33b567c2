import type { Deadline } from './deadline.js';
import type { PriorityLevel, RequestPriority } from './priority.js';

/** A position in a queue that replicas share. */
export interface Ticket {
  /**
   * Resolves when every earlier ticket has been released, or when the deadline is done.
   *
   * @throws {CallError} `OVERLOADED` if the shared queue could not be read within the deadline, or at once, without
   *   `retryAfterMs`, if reading it again would not help
   */
  wait(priority: RequestPriority, deadline: Deadline): Promise<void>;
  /** Releases the position. Call it once, whether or not the wait has ended. */
  release(): void;
}

/** A FIFO queue per key, in the order in which tickets reach any of the replicas: a distributed ticket lock. */
export interface SharedQueue {
  /** Takes a ticket at the end of the queue. */
  enqueue(key: string): Ticket;
}

/**
 * Opens a shared queue.
 *
 * @param onContended called when a request of another replica waits behind a ticket of this one
 */
export type OpenSharedQueue = (onContended: (key: string, level: PriorityLevel) => void) => SharedQueue;
