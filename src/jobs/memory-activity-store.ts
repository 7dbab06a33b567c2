import { type Activity, type ActivityStore, activitiesPerPage, isSelected } from './activity.js';

/** The number of activities in memory: about 8 MB. */
const maxActivities = 10_000;

/**
 * Creates a store in the memory of this process.
 *
 * @param retentionMs how long an activity is kept
 */
export function createMemoryActivityStore(retentionMs: number): ActivityStore {
  /** A ring buffer. The index of an activity is the remainder of its number. */
  const ring: Activity[] = [];
  let count = 0;

  return {
    add(activity) {
      ring[count % maxActivities] = activity;
      count++;
    },
    async read(filter, before) {
      const oldest = new Date(Date.now() - retentionMs).toISOString();
      const items: Activity[] = [];
      let number = Math.min(count, before === undefined ? count : Number(before)) - 1;
      for (; number >= Math.max(0, count - maxActivities) && items.length < activitiesPerPage; number--) {
        const activity = ring[number % maxActivities];
        // If the clock was changed, a recent activity can follow one with an older time.
        if (activity !== undefined && activity.at >= oldest && isSelected(activity, filter)) items.push(activity);
      }
      return { items, before: items.length === activitiesPerPage ? String(number + 1) : undefined };
    },
  };
}
