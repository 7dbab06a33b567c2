import type { UserDemand } from './fair-share.js';
import type { FairnessKey, RequestPriority } from './priority.js';

/** A queue that is FIFO per fairness key. It serves the user who has used least, and the keys of one user in turn. */
export interface FairQueue<T> {
  readonly size: number;
  /** @param first ahead of the other entries of the same key */
  push(priority: RequestPriority, entry: T, first: boolean): void;
  shift(): T | undefined;
  remove(priority: RequestPriority, entry: T): void;
  /** How many entries would be served before one that is pushed now. */
  positionOf(priority: RequestPriority, first: boolean): number;
  /** What each user has used, and how many entries wait. */
  demands(): Iterable<UserDemand>;
}

interface Line<T> {
  readonly user: FairnessKey;
  readonly entries: T[];
}

/**
 * Creates an empty queue.
 *
 * @param usedBy how much a user has used
 */
export function createFairQueue<T>(usedBy: (user: FairnessKey) => number): FairQueue<T> {
  // A map keeps the order of insertion: a key that was served is inserted again, after the others.
  const lines = new Map<FairnessKey, Line<T>>();
  let size = 0;

  function nextKey(): FairnessKey | undefined {
    if (lines.size === 1) return lines.keys().next().value;
    const used = new Map<FairnessKey, number>();
    let next: FairnessKey | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [key, { user }] of lines) {
      const own = used.get(user) ?? usedBy(user);
      used.set(user, own);
      if (own < least) [next, least] = [key, own];
    }
    return next;
  }

  return {
    get size() {
      return size;
    },
    push({ fairnessKey, user }, entry, first) {
      const own = lines.get(fairnessKey);
      if (own === undefined) lines.set(fairnessKey, { user, entries: [entry] });
      else if (first) own.entries.unshift(entry);
      else own.entries.push(entry);
      size++;
    },
    shift() {
      const key = nextKey();
      const line = key === undefined ? undefined : lines.get(key);
      if (key === undefined || line === undefined) return undefined;
      lines.delete(key);
      if (line.entries.length > 1) lines.set(key, line);
      size--;
      return line.entries.shift();
    },
    remove({ fairnessKey }, entry) {
      const own = lines.get(fairnessKey)?.entries;
      const index = own?.indexOf(entry) ?? -1;
      if (own === undefined || index < 0) return;
      own.splice(index, 1);
      if (own.length === 0) lines.delete(fairnessKey);
      size--;
    },
    positionOf({ fairnessKey, user }, first) {
      const own = first ? 0 : (lines.get(fairnessKey)?.entries.length ?? 0);
      const used = usedBy(user);
      let position = own;
      // Another user is served until both have used the same. A key without entries starts after those of the same use.
      for (const [key, line] of lines) {
        if (key === fairnessKey) continue;
        const lead = used - usedBy(line.user);
        const turns = lead === 0 ? Math.max(own, 1) : Math.max(0, own + lead);
        position += Math.min(line.entries.length, turns);
      }
      return position;
    },
    demands() {
      const sizes = new Map<FairnessKey, number>();
      for (const { user, entries } of lines.values()) sizes.set(user, (sizes.get(user) ?? 0) + entries.length);
      return Array.from(sizes, ([user, waiting]) => ({ waiting, used: usedBy(user) }));
    },
  };
}
