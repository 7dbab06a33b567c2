import { expect, test } from 'vitest';
import { judge, type Noted, type Told } from './judge.js';

const path = 'scripts/1/userRunStates/2';
const told = (value: string, outcome = 'OK', action: Told['action'] = 'update'): Told => ({
  action,
  path,
  value,
  outcome,
});
const noted = (value: string, more: Partial<Noted> = {}): Noted => ({
  atMs: 0,
  method: 'PATCH',
  path,
  value,
  applied: true,
  status: 200,
  fault: null,
  ...more,
});

/** What is found wrong, by its names. */
const wrong = (...args: Parameters<typeof judge>) =>
  Object.entries(judge(...args)).flatMap(([what, cases]) => (cases.length > 0 ? what : []));

test('nothing is wrong when all that was told is true', () => {
  const journal = [
    noted('1'),
    noted('2', { applied: false, status: 503 }),
    noted('2'),
    noted('3', { status: null, fault: 'reset-applied' }),
    noted('name', { method: 'POST' }),
    { ...noted(''), method: 'DELETE', value: null },
  ];
  const all = [
    told('1'),
    told('2'),
    told('3', 'OUTCOME_UNKNOWN'),
    told('4', 'OVERLOADED'),
    told('5', 'LOST'),
    told('name', 'OK', 'create'),
    { ...told('', 'OK', 'delete'), value: null },
  ];
  expect(wrong(all, journal, [], 10)).toEqual([]);
});

test.each<[string, Told[], Noted[]]>([
  ['told done, and not there', [told('1')], []],
  ['told done, and not there', [told('1')], [noted('1', { applied: false })]],
  ['told done, and not there', [told('1')], [noted('2')]],
  ['told failed, and there', [told('1', 'GRAPH_UNAVAILABLE')], [noted('1')]],
  ['told failed, and there', [told('1', 'THROTTLED')], [noted('1')]],
  [
    'made twice',
    [told('name', 'OK', 'create')],
    [noted('name', { method: 'POST' }), noted('name', { method: 'POST' })],
  ],
  ['out of order', [told('1'), told('2')], [noted('2'), noted('1')]],
  ['out of order', [told('1', 'LOST'), told('2')], [noted('1'), noted('2'), noted('1')]],
  ['throttled by the service’s own doing', [told('1')], [noted('1', { applied: false, status: 429 }), noted('1')]],
])('%s', (what, all, journal) => {
  expect(wrong(all, journal, [], 10)).toEqual([what]);
});

test('more than the quota', () => {
  const at = (...times: number[]) => times.map((atMs, index) => noted(String(index), { atMs }));
  expect(wrong([], at(0, 1, 20_000, 20_001), [], 2)).toEqual([]);
  expect(wrong([], at(0, 1, 19_999), [], 2)).toEqual(['more than the quota']);
});

test('sessions mixed up', () => {
  expect(wrong([], [], [{ session: 1, what: 'another person' }], 2)).toEqual(['sessions mixed up']);
});
