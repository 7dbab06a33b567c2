import { expect, test } from 'vitest';
import { checkHistory, type JournalRecord, type ReportedWrite } from './checker.js';

const path = 'scripts/1/userRunStates/2';
const reported = (value: string, outcome = 'OK', action: ReportedWrite['action'] = 'update'): ReportedWrite => ({
  action,
  path,
  value,
  outcome,
});
const recorded = (value: string, more: Partial<JournalRecord> = {}): JournalRecord => ({
  atMs: 0,
  method: 'PATCH',
  path,
  value,
  applied: true,
  status: 200,
  fault: null,
  ...more,
});

/** The rules that are violated. */
const violated = (...args: Parameters<typeof checkHistory>) =>
  Object.entries(checkHistory(...args)).flatMap(([what, cases]) => (cases.length > 0 ? what : []));

test('nothing is violated when all reported outcomes are true', () => {
  const journal = [
    recorded('1'),
    recorded('2', { applied: false, status: 503 }),
    recorded('2'),
    recorded('3', { status: null, fault: 'reset-applied' }),
    recorded('name', { method: 'POST' }),
    { ...recorded(''), method: 'DELETE', value: null },
  ];
  const all = [
    reported('1'),
    reported('2'),
    reported('3', 'OUTCOME_UNKNOWN'),
    reported('4', 'OVERLOADED'),
    reported('5', 'LOST'),
    reported('name', 'OK', 'create'),
    { ...reported('', 'OK', 'delete'), value: null },
  ];
  expect(violated(all, journal, [], 10)).toEqual([]);
});

test.each<[string, ReportedWrite[], JournalRecord[]]>([
  ['reported done, but not applied', [reported('1')], []],
  ['reported done, but not applied', [reported('1')], [recorded('1', { applied: false })]],
  ['reported done, but not applied', [reported('1')], [recorded('2')]],
  ['reported failed, but applied', [reported('1', 'GRAPH_UNAVAILABLE')], [recorded('1')]],
  ['reported failed, but applied', [reported('1', 'THROTTLED')], [recorded('1')]],
  [
    'created twice',
    [reported('name', 'OK', 'create')],
    [recorded('name', { method: 'POST' }), recorded('name', { method: 'POST' })],
  ],
  ['out of order', [reported('1'), reported('2')], [recorded('2'), recorded('1')]],
  ['out of order', [reported('1', 'LOST'), reported('2')], [recorded('1'), recorded('2'), recorded('1')]],
  ['throttled without a fault', [reported('1')], [recorded('1', { applied: false, status: 429 }), recorded('1')]],
])('%s', (what, all, journal) => {
  expect(violated(all, journal, [], 10)).toEqual([what]);
});

test('quota exceeded', () => {
  const at = (...times: number[]) => times.map((atMs, index) => recorded(String(index), { atMs }));
  expect(violated([], at(0, 1, 20_000, 20_001), [], 2)).toEqual([]);
  expect(violated([], at(0, 1, 19_999), [], 2)).toEqual(['quota exceeded']);
});

test('sessions mixed up', () => {
  expect(violated([], [], [{ session: 1, what: 'another user' }], 2)).toEqual(['sessions mixed up']);
});
