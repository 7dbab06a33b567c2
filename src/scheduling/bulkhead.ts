import { CallError } from '../errors.js';
import type { FairnessKey } from './priority.js';

/** Counts what is under way, so that nobody fills the service, and one caller not more than half of it. */
export interface Bulkhead {
  /**
   * @returns to be called when it is over
   * @throws {CallError} `OVERLOADED`
   */
  enter(caller: FairnessKey): () => void;
}

/**
 * Lets in as many at a time.
 *
 * @param retryAfterMs what those who find no room are told
 */
export function createBulkhead(most: number, retryAfterMs: number): Bulkhead {
  const inside = new Map<FairnessKey, number>();
  let all = 0;
  return {
    enter(caller) {
      const own = inside.get(caller) ?? 0;
      if (all >= most || own >= most / 2) throw new CallError('OVERLOADED', { retryAfterMs });
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
