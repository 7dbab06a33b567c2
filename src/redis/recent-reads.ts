/** What was read within the last second, by session. */
export interface RecentReads<T> {
  add(sessionId: string, value: T): void;
  /** @returns `undefined` if there is none that is at most `maxAgeMs` old, or it has been removed */
  get(sessionId: string, maxAgeMs: number): T | undefined;
  remove(sessionId: string): void;
}

/** How long reads are kept, in milliseconds. */
export const maxReadAgeMs = 1_000;

/** Creates an empty record of reads. */
export function createRecentReads<T>(): RecentReads<T> {
  // In the order of the reads: an id that is read again moves to the end.
  const reads = new Map<string, { readonly value: T; readonly at: number }>();

  function removeOld(now: number): void {
    for (const [id, { at }] of reads) {
      if (now - at <= maxReadAgeMs) return;
      reads.delete(id);
    }
  }

  return {
    add(sessionId, value) {
      const now = performance.now();
      removeOld(now);
      reads.delete(sessionId);
      reads.set(sessionId, { value, at: now });
    },
    get(sessionId, maxAgeMs) {
      const read = reads.get(sessionId);
      return read !== undefined && performance.now() - read.at <= maxAgeMs ? read.value : undefined;
    },
    remove: (sessionId) => void reads.delete(sessionId),
  };
}
