import { CallError } from '../../errors.js';

/** The bodies that are being received, all of them together. A user may send half of it. */
const maxBytes = 64 * 1024 * 1024;

/** A body takes a moment to arrive. */
const retryAfterMs = 1_000;

/** Limits the memory of the bodies that are being received. */
export interface BodyBudget {
  /**
   * Reserves memory for one body.
   *
   * @returns ends the reservation; must be called once
   * @throws {CallError} `OVERLOADED`
   */
  reserve(oid: string, bytes: number): () => void;
}

/** Creates the budget of one service. */
export function createBodyBudget(): BodyBudget {
  const byUser = new Map<string, number>();
  let total = 0;

  function add(oid: string, bytes: number): void {
    total += bytes;
    const own = (byUser.get(oid) ?? 0) + bytes;
    if (own > 0) byUser.set(oid, own);
    else byUser.delete(oid);
  }

  return {
    reserve(oid, bytes) {
      const own = byUser.get(oid) ?? 0;
      if (total + bytes > maxBytes || own + bytes > maxBytes / 2) throw new CallError('OVERLOADED', { retryAfterMs });
      add(oid, bytes);
      return () => add(oid, -bytes);
    },
  };
}
