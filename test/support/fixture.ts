import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/** Whether all tests of a file or suite share a fixture, or each test has its own. */
export type Lifetime = 'suite' | 'test';

/**
 * Starts something that the tests of a file or suite need, and stops it after them.
 *
 * @returns an object with the properties of what was started last; reading one before that throws
 */
export function useFixture<T extends object>(
  start: () => Promise<T>,
  stop: (started: T) => unknown,
  lifetime: Lifetime = 'suite',
): T {
  let current: T | undefined;
  const [before, after] = lifetime === 'suite' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    current = await start();
  });
  after(async () => {
    if (current !== undefined) await stop(current);
    current = undefined;
  });
  return new Proxy({} as T, {
    get(_target, property) {
      if (current === undefined) throw new Error(`${String(property)} is read before the fixture is started`);
      return Reflect.get(current, property) as unknown;
    },
  });
}
