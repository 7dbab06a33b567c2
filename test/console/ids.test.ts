import { expect, test } from 'vitest';
import { userId } from '../../src/api/inputs/target.js';
import { isUserId } from '../../src/console/ids.js';

test.each([
  '',
  '.',
  '..',
  '...',
  'a',
  'a.b_c-9',
  'a b',
  'a:b',
  'a/b',
  'ä',
  '%',
  '\0',
  'a'.repeat(128),
  'a'.repeat(129),
])('the console and the service agree on the id of a person: %j', (id) => {
  expect(isUserId(id)).toBe(userId.safeParse(id).success);
});
