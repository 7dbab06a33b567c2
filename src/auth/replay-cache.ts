/**
 * Records ids that may be used once, such as those of sign-in transactions, so that a copy of a used cookie is
 * rejected. An id is recorded when it is used, not when it is issued: a caller who only starts sign-ins occupies no
 * memory.
 */
export interface ReplayCache {
  /**
   * Records the use of an id, atomically across all replicas. Resolves to `false` if it was used before.
   *
   * @param lifetimeMs how long the id would otherwise be accepted
   * @throws {CallError} `OVERLOADED` when the storage is unavailable
   */
  use(id: string, lifetimeMs: number): Promise<boolean>;
}

/** Creates a cache in the memory of this process. */
export function createMemoryReplayCache(): ReplayCache {
  /** When each id can be forgotten, epoch ms. */
  const expiries = new Map<string, number>();

  /** Removes expired ids from the front. One that expires later than its successors only delays them. */
  function prune(): void {
    for (const [id, expiresAt] of expiries) {
      if (expiresAt > Date.now()) return;
      expiries.delete(id);
    }
  }

  return {
    async use(id, lifetimeMs) {
      prune();
      if (expiries.has(id)) return false;
      expiries.set(id, Date.now() + lifetimeMs);
      return true;
    },
  };
}
