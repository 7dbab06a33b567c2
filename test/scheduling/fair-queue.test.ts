import { expect, test } from 'vitest';
import { createFairQueue } from '../../src/scheduling/fair-queue.js';
import type { FairnessKey } from '../../src/scheduling/priority.js';

/** A queue whose users use what they are served. */
function createQueue(used: Map<FairnessKey, number>) {
  const queue = createFairQueue<string>((user) => used.get(user) ?? 0);
  return {
    ...queue,
    add(user: string, fairnessKey: string, count: number) {
      const priority = { user, fairnessKey, level: 'bulk' as const };
      const position = queue.positionOf(priority, false);
      for (let each = 0; each < count; each++) queue.push(priority, user, false);
      return position;
    },
    serve(count: number): Record<string, number> {
      const served: Record<string, number> = {};
      for (let each = 0; each < count; each++) {
        const user = queue.shift();
        if (user === undefined) break;
        used.set(user, (used.get(user) ?? 0) + 1);
        served[user] = (served[user] ?? 0) + 1;
      }
      return served;
    },
  };
}

test('users get equal shares, however many bulk updates they have', () => {
  const queue = createQueue(new Map());
  for (let update = 0; update < 9; update++) queue.add('one', `one ${update}`, 100);
  queue.add('two', 'two', 100);
  expect(queue.serve(100)).toEqual({ one: 50, two: 50 });
});

test('a user who has used less is served until both have used the same', () => {
  const queue = createQueue(new Map([['one', 30]]));
  queue.add('one', 'one', 100);
  expect(queue.add('two', 'two', 40)).toBe(0);
  expect(queue.serve(30)).toEqual({ two: 30 });
  expect(queue.serve(10)).toEqual({ one: 5, two: 5 });
  expect(queue.serve(100)).toEqual({ one: 95, two: 5 });
});

test('a position counts the entries that are served earlier', () => {
  const queue = createQueue(new Map([['one', 30]]));
  queue.add('two', 'two', 10);
  expect(queue.add('one', 'one', 1)).toBe(10);
  expect(queue.add('one', 'one', 1)).toBe(11);
  expect(queue.add('three', 'three', 1)).toBe(1);
});
