import { CallError } from '../errors.js';
import type { FairnessKey } from './priority.js';

/** Limits the calls in progress, in all and per fairness key, so that no caller can use up the service. */
export interface Bulkhead {
  /**
   * Admits one call.
   *
   * @returns ends the call; must be called once
   * @throws {CallError} `OVERLOADED`
   */
  enter(key: FairnessKey): () => void;
}

/**
 * Creates a bulkhead.
 *
 * @param limit of calls at a time; one key gets at most half of it
 * @param retryAfterMs of the error for rejected calls
 */
export function createBulkhead(limit: number, retryAfterMs: number): Bulkhead {
  const countByKey = new Map<FairnessKey, number>();
  let total = 0;
  return {
    enter(key) {
      const own = countByKey.get(key) ?? 0;
      if (total >= limit || own >= limit / 2) throw new CallError('OVERLOADED', { retryAfterMs });
      countByKey.set(key, own + 1);
      total++;
      return () => {
        const left = (countByKey.get(key) ?? 0) - 1;
        if (left > 0) countByKey.set(key, left);
        else countByKey.delete(key);
        total--;
      };
    },
  };
}
