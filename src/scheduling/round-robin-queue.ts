import type { FairnessKey } from './priority.js';

/** A queue in which every caller's entries are in order, and the callers take turns. */
export interface RoundRobinQueue<T> {
  readonly size: number;
  /** @param first ahead of the caller's other entries */
  push(caller: FairnessKey, entry: T, first: boolean): void;
  shift(): T | undefined;
  remove(caller: FairnessKey, entry: T): void;
  /** How many of the entries would be taken before one that this caller pushed now. */
  ahead(caller: FairnessKey, first: boolean): number;
}

/** Makes an empty queue. */
export function createRoundRobinQueue<T>(): RoundRobinQueue<T> {
  // A map is a ring: who has had a turn is put back behind the others.
  const ring = new Map<FairnessKey, T[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(caller, entry, first) {
      const own = ring.get(caller);
      if (own === undefined) ring.set(caller, [entry]);
      else if (first) own.unshift(entry);
      else own.push(entry);
      size++;
    },
    shift() {
      const next = ring.entries().next().value;
      if (next === undefined) return undefined;
      const [caller, own] = next;
      ring.delete(caller);
      if (own.length > 1) ring.set(caller, own);
      size--;
      return own.shift();
    },
    remove(caller, entry) {
      const own = ring.get(caller);
      const index = own?.indexOf(entry) ?? -1;
      if (own === undefined || index < 0) return;
      own.splice(index, 1);
      if (own.length === 0) ring.delete(caller);
      size--;
    },
    ahead(caller, first) {
      const own = first ? 0 : (ring.get(caller)?.length ?? 0);
      let count = own;
      // Who has nothing in the ring is put behind all others.
      for (const [other, entries] of ring) if (other !== caller) count += Math.min(entries.length, Math.max(own, 1));
      return count;
    },
  };
}
