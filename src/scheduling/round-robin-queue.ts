import type { FairnessKey } from './priority.js';

/** A queue that is FIFO per fairness key and serves the keys in turn. */
export interface RoundRobinQueue<T> {
  readonly size: number;
  /** @param first ahead of the other entries of the same key */
  push(key: FairnessKey, entry: T, first: boolean): void;
  shift(): T | undefined;
  remove(key: FairnessKey, entry: T): void;
  /** How many entries would be served before one that is pushed now. */
  positionOf(key: FairnessKey, first: boolean): number;
}

/** Creates an empty queue. */
export function createRoundRobinQueue<T>(): RoundRobinQueue<T> {
  // A map keeps the order of insertion: a key that was served is inserted again, after the others.
  const entriesByKey = new Map<FairnessKey, T[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(key, entry, first) {
      const own = entriesByKey.get(key);
      if (own === undefined) entriesByKey.set(key, [entry]);
      else if (first) own.unshift(entry);
      else own.push(entry);
      size++;
    },
    shift() {
      const next = entriesByKey.entries().next().value;
      if (next === undefined) return undefined;
      const [key, own] = next;
      entriesByKey.delete(key);
      if (own.length > 1) entriesByKey.set(key, own);
      size--;
      return own.shift();
    },
    remove(key, entry) {
      const own = entriesByKey.get(key);
      const index = own?.indexOf(entry) ?? -1;
      if (own === undefined || index < 0) return;
      own.splice(index, 1);
      if (own.length === 0) entriesByKey.delete(key);
      size--;
    },
    positionOf(key, first) {
      const own = first ? 0 : (entriesByKey.get(key)?.length ?? 0);
      let position = own;
      // A key without entries starts after all other keys.
      for (const [other, entries] of entriesByKey) {
        if (other !== key) position += Math.min(entries.length, Math.max(own, 1));
      }
      return position;
    },
  };
}
