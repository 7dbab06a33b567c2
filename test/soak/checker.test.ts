import { expect, test } from 'vitest';
import {
  type AuditRecord,
  checkHistory,
  checkJobs,
  type JournalRecord,
  type ReportedJob,
  type ReportedWrite,
} from './checker.js';

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

const audited = (value: string, outcome: string | null = null, more: Partial<AuditRecord> = {}): AuditRecord => ({
  atMs: 0,
  phase: outcome === null ? 'intent' : 'outcome',
  action: 'update',
  path,
  value,
  outcome,
  ...more,
});

const methods = { PATCH: 'update', POST: 'create', DELETE: 'delete' } as const;
const isWrite = (method: string): method is keyof typeof methods => method in methods;

/** The lines of writes that were all recorded. */
const completeTrail = (all: readonly ReportedWrite[], journal: readonly JournalRecord[]): readonly AuditRecord[] => [
  ...journal.flatMap(({ method, value, ...at }) =>
    isWrite(method) ? [{ ...audited(value ?? ''), ...at, value, action: methods[method], outcome: null }] : [],
  ),
  ...all.map(({ action, value, outcome }) => ({
    ...audited('', outcome === 'OK' ? 'applied' : 'unknown', { action }),
    value,
  })),
];

/** The rules that are violated. The audit trail is complete by default. */
function violated(
  all: readonly ReportedWrite[],
  journal: readonly JournalRecord[],
  sessions: Parameters<typeof checkHistory>[1],
  quota: number,
  trail = completeTrail(all, journal),
): readonly string[] {
  const violations = checkHistory({ reported: all, journal, audited: trail }, sessions, quota);
  return Object.entries(violations).flatMap(([what, cases]) => (cases.length > 0 ? what : []));
}

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

test.each<[string, string, AuditRecord[]]>([
  ['writes without intent', 'no line', [audited('1', 'applied')]],
  ['writes without intent', 'an intent of another value', [audited('2'), audited('1', 'applied')]],
  ['writes without intent', 'an intent of another state', [audited('1', null, { path: 'x' }), audited('1', 'applied')]],
  ['writes without intent', 'a later intent', [audited('1', null, { atMs: 6 }), audited('1', 'applied')]],
  ['writes without intent', 'another action', [audited('1', null, { action: 'create' }), audited('1', 'applied')]],
  ['done without outcome', 'no line', [audited('1')]],
  ['done without outcome', 'another outcome', [audited('1'), audited('1', 'rejected')]],
  ['done without outcome', 'an outcome of another value', [audited('1'), audited('2', 'applied')]],
])('%s: %s', (what, _case, trail) => {
  expect(violated([reported('1')], [recorded('1', { atMs: 5 })], [], 10, trail)).toEqual([what]);
});

test('a write that was not applied needs no intent, and one that was not reported done needs no outcome', () => {
  const journal = [recorded('1', { applied: false, status: 503 }), recorded('2')];
  const all = [reported('1', 'GRAPH_UNAVAILABLE'), reported('2', 'LOST')];
  expect(violated(all, journal, [], 10, [audited('2')])).toEqual([]);
});

test('quota exceeded', () => {
  const at = (...times: number[]) => times.map((atMs, index) => recorded(String(index), { atMs }));
  expect(violated([], at(0, 1, 20_000, 20_001), [], 2)).toEqual([]);
  expect(violated([], at(0, 1, 19_999), [], 2)).toEqual(['quota exceeded']);
});

test('sessions mixed up', () => {
  expect(violated([], [], [{ session: 1, what: 'another user' }], 2)).toEqual(['sessions mixed up']);
});

const job: ReportedJob = {
  key: 'one',
  ids: ['a'],
  state: 'done',
  isDurable: true,
  counts: { applied: 1, unknown: 1, waiting: 0 },
  total: 2,
  rows: [
    { path, value: '1', outcome: 'applied' },
    { path, value: '2', outcome: 'unknown' },
  ],
  isEndSeen: true,
};

test('a job may send rows again whose outcome is unknown', () => {
  const journal = [recorded('1', { applied: false, status: 503 }), recorded('1'), recorded('2')];
  expect(Object.values(checkJobs([job, { ...job, state: undefined, isDurable: false }], journal)).flat()).toEqual([]);
});

test.each<[string, Partial<ReportedJob>, JournalRecord[]]>([
  ['jobs lost', { state: undefined }, []],
  ['jobs that did not end', { state: 'running' }, []],
  ['jobs started twice', { ids: ['a', 'b'] }, []],
  ['rows of jobs lost', { total: 3, counts: { applied: 1, unknown: 1, rejected: 1 } }, []],
  ['counts that are not those of the rows', { counts: { applied: 2, unknown: 0 } }, []],
  ['rows sent again after they were applied', {}, [recorded('1'), recorded('1', { applied: false })]],
  [
    'rows sent again after they were applied',
    {},
    [recorded('2', { status: null, fault: 'reset-applied' }), recorded('2')],
  ],
  ['ends of jobs that no stream reported', { isEndSeen: false }, []],
])('%s', (what, changed, journal) => {
  const violations = Object.entries(checkJobs([{ ...job, ...changed }], journal));
  expect(violations.filter(([, cases]) => cases.length > 0).map(([name]) => name)).toContain(what);
});
