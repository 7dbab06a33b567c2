import type { UserDemand } from './fair-share.js';
import type { FairnessKey, RequestPriority } from './priority.js';

/** A queue per user, which serves the user's fairness keys in turn and is FIFO per key. */
export interface FairQueue<T> {
  readonly size: number;
  /** How many entries of each user wait. */
  demand(): readonly UserDemand[];
  /** @param first ahead of the other entries of the same key */
  push(priority: RequestPriority, entry: T, first: boolean): void;
  shift(user: string): T | undefined;
  remove(priority: RequestPriority, entry: T): void;
  /**
   * How many entries are served before one that is pushed now, if the user who has used least comes first. A lower
   * bound where `usedBy` doesn't know what another user has used.
   */
  positionOf(priority: RequestPriority, first: boolean): number;
}

/** The entries of one user. A map keeps the order of insertion: a key that was served is inserted again at the end. */
interface UserQueue<T> {
  readonly keys: Map<FairnessKey, T[]>;
  size: number;
}

/**
 * Creates an empty queue.
 *
 * @param usedBy how much a user has used, if it is known
 */
export function createFairQueue<T>(usedBy: (user: string) => number | undefined): FairQueue<T> {
  const users = new Map<string, UserQueue<T>>();
  let size = 0;

  function removed(user: string, queue: UserQueue<T>): void {
    size--;
    queue.size--;
    if (queue.size === 0) users.delete(user);
  }

  return {
    get size() {
      return size;
    },
    demand: () => Array.from(users, ([user, queue]) => ({ user, waiting: queue.size })),
    push({ fairnessKey, user }, entry, first) {
      const queue = users.get(user) ?? { keys: new Map<FairnessKey, T[]>(), size: 0 };
      users.set(user, queue);
      const entries = queue.keys.get(fairnessKey);
      if (entries === undefined) queue.keys.set(fairnessKey, [entry]);
      else if (first) entries.unshift(entry);
      else entries.push(entry);
      queue.size++;
      size++;
    },
    shift(user) {
      const queue = users.get(user);
      const [next] = queue?.keys ?? [];
      if (queue === undefined || next === undefined) return undefined;
      const [key, entries] = next;
      queue.keys.delete(key);
      if (entries.length > 1) queue.keys.set(key, entries);
      removed(user, queue);
      return entries.shift();
    },
    remove({ fairnessKey, user }, entry) {
      const queue = users.get(user);
      const entries = queue?.keys.get(fairnessKey);
      const index = entries?.indexOf(entry) ?? -1;
      if (queue === undefined || entries === undefined || index < 0) return;
      entries.splice(index, 1);
      if (entries.length === 0) queue.keys.delete(fairnessKey);
      removed(user, queue);
    },
    positionOf({ fairnessKey, user }, first) {
      const keys = users.get(user)?.keys;
      const sameKey = first ? 0 : (keys?.get(fairnessKey)?.length ?? 0);
      let own = sameKey;
      for (const [key, entries] of keys ?? []) if (key !== fairnessKey) own += Math.min(entries.length, sameKey);
      let position = own;
      const used = usedBy(user) ?? 0;
      for (const [other, queue] of users) {
        if (other === user) continue;
        // Another user is served until both have used the same. At the same use, the one who waited first comes first.
        const lead = used - (usedBy(other) ?? Number.POSITIVE_INFINITY);
        position += Math.min(queue.size, Math.max(0, own + lead, lead === 0 && keys === undefined ? 1 : 0));
      }
      return position;
    },
  };
}
