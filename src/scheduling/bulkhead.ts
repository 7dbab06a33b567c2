import { GraphError } from '../errors.js';
import type { Caller } from './priority.js';

/** Counts what is under way, so that nobody fills the service, and one caller not more than half of it. */
export interface Admission {
  /**
   * @returns to be called when it is over
   * @throws {GraphError} `OVERLOADED`
   */
  enter(caller: Caller): () => void;
}

/**
 * Lets in as many at a time.
 *
 * @param retryAfterMs what those who find no room are told
 */
export function createAdmission(most: number, retryAfterMs: number): Admission {
  const inside = new Map<Caller, number>();
  let all = 0;
  return {
    enter(caller) {
      const own = inside.get(caller) ?? 0;
      if (all >= most || own >= most / 2) throw new GraphError('OVERLOADED', { retryAfterMs });
      inside.set(caller, own + 1);
      all++;
      return () => {
        const left = (inside.get(caller) ?? 0) - 1;
        if (left > 0) inside.set(caller, left);
        else inside.delete(caller);
        all--;
      };
    },
  };
}
