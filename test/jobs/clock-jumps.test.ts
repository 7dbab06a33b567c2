import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { createActivityLog } from '../../src/jobs/activity.js';
import { approvalDelayMs } from '../../src/jobs/approval-check.js';
import { createMemoryActivityStore } from '../../src/jobs/memory-activity-store.js';

const minute = 60_000;
const day = 24 * 60 * minute;
const now = Date.UTC(2026, 0, 1);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now }));
afterEach(() => void vi.useRealTimers());

test.each([
  ['at first', 0, 1, 30_000],
  ['after a while', 20 * minute, 1, 5 * minute],
  ['after a day', day, 1, 10 * minute],
  ['for many rows', 0, 5_000, 500_000],
  ['for more rows than can be read in that time', 0, 50_000, 10 * minute],
  ['if the clock was set back', -day, 1, 30_000],
  ['if the clock was set forward', 365 * day, 1, 10 * minute],
])('approvals are read again, %s', (_, waitedMs, rows, delayMs) => {
  expect(approvalDelayMs({ changedAtMs: now - waitedMs }, rows)).toBe(delayMs);
});

test('activities stay in the list when the clock is set back, and leave it by age', async () => {
  const log = createActivityLog(createMemoryActivityStore(7 * day), createCursorCodec([]));
  const record = (requestId: string) =>
    log.record({
      actor: { requestId, user: { oid: 'person', name: 'Person' } },
      action: 'update',
      target: { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'state' },
      outcome: 'applied',
      before: undefined,
      after: undefined,
    });
  const list = async () => (await log.list({}, undefined)).items.map(({ requestId }) => requestId);
  record('first');
  vi.setSystemTime(now - 30 * day);
  record('in the past');
  vi.setSystemTime(now + 1);
  record('last');
  expect(await list()).toEqual(['last', 'first']);
  vi.setSystemTime(now + 8 * day);
  expect(await list()).toEqual([]);
});
