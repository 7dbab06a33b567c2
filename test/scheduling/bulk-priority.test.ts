import { describe, expect, test } from 'vitest';
import { newValue, patches, stateOf } from '../support/bulk.js';
import { indexOf, isolatedPair, sent, until } from '../support/isolated-pair.js';

describe.concurrent('while an update of many waits for quota', () => {
  test('single updates are answered: one slot is kept for them, and they go first', async () => {
    await isolatedPair(20, 63, async (all) => {
      const bulk = all.many(all.rows.slice(0, 60));
      await until(() => expect(bulk.results()).toHaveLength(19));
      expect(await all.single(all.rows[60])).toMatchObject(all.rows[60]?.patch ?? {});
      expect(bulk.results()).toHaveLength(19);
      // Now there is no slot left: these wait as bulk does, but come before what is left of it.
      await Promise.all([all.single(all.rows[61]), all.single(all.rows[62])]);
      expect(bulk.results().length).toBeLessThan(60);
      const journal = await patches(all.simulator);
      expect(journal.map(({ status }) => status)).not.toContain(429);
      for (const row of all.rows.slice(61)) {
        expect(indexOf(journal, row)).toBeGreaterThanOrEqual(20);
        expect(indexOf(journal, row)).toBeLessThan(40);
      }
    });
  });

  test.each([
    [50, 'waits for a slot'],
    [390, 'has not been begun'],
  ])('a single update of a state whose row (%i) %s comes after that row, and before the others', async (index) => {
    await isolatedPair(40, 400, async (all) => {
      const bulk = all.many(all.rows);
      await until(() => expect(bulk.results()).toHaveLength(38));
      const row = all.rows[index] ?? expect.fail('no such row');
      const after = { ...row, patch: { successDeviceCount: 77 } };
      expect(await all.single(after)).toMatchObject(after.patch);
      const journal = await patches(all.simulator);
      expect(journal).toHaveLength(40);
      expect([indexOf(journal, row), indexOf(journal, after)]).toEqual([38, 39]);
      await until(() => expect(bulk.results().map((result) => result.index)).toContain(index));
      expect(bulk.results()).toHaveLength(39);
      expect(bulk.progress().at(-1)?.done).toBeLessThan(400);
    });
  });

  test('another update of many has its turns', async () => {
    await isolatedPair(20, 100, async (all) => {
      const one = all.many(all.rows.slice(0, 50));
      await until(() => expect(one.results()).toHaveLength(19));
      const two = all.many(all.rows.slice(50));
      await until(async () => expect(await sent(all)).toBe(38));
      await until(() => expect(two.results().length).toBeGreaterThanOrEqual(9));
      await until(() => expect(one.results().length).toBeGreaterThanOrEqual(28));
      expect(one.results().length).toBeLessThan(50);
    });
  });

  test('a single update comes after the rows of several such calls that were there before it', async () => {
    await isolatedPair(60, 100, async (all) => {
      const one = all.many(all.rows);
      await until(() => expect(one.results()).toHaveLength(57));
      const row = all.rows[90] ?? expect.fail('no such row');
      const [second, third] = [2000, 3000].map((successDeviceCount) => ({ ...row, patch: { successDeviceCount } }));
      const two = all.many(second === undefined ? [] : [second]);
      await until(() => expect(two.heard).not.toEqual([]));
      expect(await all.single(third)).toMatchObject(third?.patch ?? {});
      const journal = await patches(all.simulator);
      expect([row, second, third].map((each) => indexOf(journal, each))).toEqual([57, 58, 59]);
      expect(await two.over).toMatchObject([{ index: 0, ok: true }]);
      expect(one.results()).toHaveLength(58);
    });
  });
});

describe.concurrent('without a shortage', () => {
  test('a 429 halts the update of many for as long as Graph says, and nobody else', async () => {
    await isolatedPair(10_000, 1081, async (all) => {
      // As many as go at a time have been sent when the first batch is answered, with a 429 in it; the others are answered after that.
      const slow = (index: number, delayMs: number) =>
        ({ fault: 'latency', method: 'PATCH', path: all.rows[index]?.userStateId ?? '', delayMs }) as const;
      await all.simulator.fault(
        { ...slow(0, 4000), fault: 'throttled' },
        slow(1, 500),
        ...Array.from({ length: 49 }, (_, batch) => slow((batch + 1) * 20, 1000)),
      );
      const bulk = all.many(all.rows.slice(0, 1080));
      await until(() => expect(bulk.results()).toHaveLength(999));
      await all.single(all.rows[1080]);
      const results = await bulk.over;
      expect(results.filter(({ ok }) => ok)).toHaveLength(1080);
      const journal = await all.simulator.journal();
      const refused = journal.find(({ status }) => status === 429);
      const heardAtMs = journal.find(({ n }) => n === refused?.batch)?.answeredAtMs ?? Number.NaN;
      const updates = journal.filter(({ method }) => method === 'PATCH');
      const [first, ...rest] = updates.filter(({ atMs }) => atMs >= heardAtMs);
      expect(first?.path).toContain(encodeURIComponent(all.rows[1080]?.userStateId ?? '-'));
      expect(rest).toHaveLength(81);
      for (const { atMs } of rest) expect(atMs - heardAtMs).toBeGreaterThanOrEqual(4000);
    });
  });

  test('two updates of many keep the order of each state', async () => {
    await isolatedPair(10_000, 100, async (all) => {
      const again = all.rows.map((row) => ({ ...row, patch: { successDeviceCount: 5000 } })).toReversed();
      const one = all.many(all.rows);
      await until(() => expect(one.heard).not.toEqual([]));
      const two = all.many(again);
      await Promise.all([one.over, two.over]);
      const journal = await patches(all.simulator);
      expect(journal).toHaveLength(200);
      for (const row of all.rows) {
        const own = journal.filter((entry) => stateOf(entry) === row.userStateId).map(newValue);
        expect(own).toEqual([row.patch.successDeviceCount, 5000]);
      }
    });
  });
});
