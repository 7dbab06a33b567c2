import { expect, test } from 'vitest';
import { createFairQueue } from '../../src/scheduling/fair-queue.js';

function createQueue(used: Readonly<Record<string, number>>) {
  const queue = createFairQueue<string>((user) => used[user]);
  return {
    ...queue,
    /** @returns the position of the first entry */
    add(user: string, fairnessKey: string, count: number) {
      const priority = { user, fairnessKey, level: 'bulk' as const };
      const position = queue.positionOf(priority, false);
      for (let each = 0; each < count; each++) queue.push(priority, `${fairnessKey}${each}`, false);
      return position;
    },
  };
}

test('the bulk updates of one user are served in turn, each in its order', () => {
  const queue = createQueue({});
  queue.add('one', 'a', 3);
  queue.add('one', 'b', 2);
  queue.add('two', 'c', 1);
  expect(queue.demand()).toEqual([
    { user: 'one', waiting: 5 },
    { user: 'two', waiting: 1 },
  ]);
  const served = Array.from({ length: 6 }, () => queue.shift('one'));
  expect(served).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', undefined]);
  expect(queue.demand()).toEqual([{ user: 'two', waiting: 1 }]);
});

test('a position counts the entries that are served earlier', () => {
  const queue = createQueue({ one: 30, two: 0, three: 0 });
  expect(queue.add('two', 'two', 10)).toBe(0);
  expect(queue.add('one', 'one', 1)).toBe(10);
  expect(queue.add('one', 'one', 1)).toBe(11);
  expect(queue.add('three', 'three', 1)).toBe(1);
  // The bulk updates of another user are not served more often because there are several.
  queue.add('two', 'another', 10);
  expect(queue.add('four', 'four', 1)).toBe(2);
  expect(queue.add('three', 'three', 1)).toBe(2);
});

test('a position does not count entries of users whose use is unknown', () => {
  const queue = createQueue({ one: 30 });
  queue.add('two', 'two', 10);
  expect(queue.add('one', 'one', 1)).toBe(0);
});
