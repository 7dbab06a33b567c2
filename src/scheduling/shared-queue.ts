import type { Deadline } from './deadline.js';
import type { Priority } from './priority.js';

/** One write's ticket in a line that replicas share. */
export interface Ticket {
  /**
   * Resolves when every ticket before this one has left, or when the time is over.
   *
   * @param lane how urgently the turn is waited for, at the moment
   * @throws {CallError} `OVERLOADED` when that could not be found out in time
   */
  turn(deadline: Deadline, lane: () => Priority): Promise<void>;
  leave(): void;
}

/** Lines of writes, one for each key, in the order in which they reached any of the replicas. */
export interface SharedQueue {
  /** Takes a ticket at the end of a line. */
  join(key: string): Ticket;
}

/** Makes lines. @param wanted called when another replica's work waits behind a ticket of this one's, with its lane */
export type OpenSharedQueue = (wanted: (key: string, lane: Priority) => void) => SharedQueue;
