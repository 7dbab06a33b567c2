import { describe, expect, test } from 'vitest';
import { CallError, type CallReason } from '../../src/errors.js';
import {
  type FailedAttempt,
  nextStep,
  type OtherValues,
  type RetrySafety,
} from '../../src/graph/requests/write-outcome.js';

const current = { id: 'state', successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: null };

/** How an attempt failed. */
const failures = {
  'not sent': new CallError('GRAPH_UNAVAILABLE', { certainty: 'deferred' }),
  refused: new CallError('GRAPH_REJECTED', { status: 400 }),
  'signed out': new CallError('SIGN_IN_REQUIRED'),
  queued: new CallError('APPROVAL_PENDING', { status: 412 }),
  throttled: new CallError('THROTTLED', { status: 429, certainty: 'deferred' }),
  unavailable: new CallError('GRAPH_UNAVAILABLE', { status: 503, certainty: 'deferred' }),
  'throttled by a proxy': new CallError('THROTTLED', { status: 429, certainty: 'unknown' }),
  'server error': new CallError('GRAPH_UNAVAILABLE', { status: 500, certainty: 'completed' }),
  'gateway timeout': new CallError('GRAPH_UNAVAILABLE', { status: 504, certainty: 'unknown' }),
  reset: new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' }),
  'no response': new CallError('GRAPH_TIMEOUT', { certainty: 'unknown' }),
  'proxy page': new CallError('GRAPH_PROTOCOL', { status: 404, certainty: 'unknown' }),
  accepted: new CallError('OUTCOME_UNKNOWN', { status: 202, certainty: 'unknown' }),
  'not shown': new CallError('NOT_APPLIED', { status: 200, certainty: 'completed' }),
} as const satisfies Record<string, CallError>;

/** The result of the read after the attempt. */
const verifications = {
  'old values': { current },
  nothing: { current: undefined },
  'no read': new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' }),
  'no state': new CallError('GRAPH_NOT_FOUND', { status: 404 }),
} as const satisfies Record<string, OtherValues | CallError>;

type Entry = keyof typeof failures | `${keyof typeof failures}, ${keyof typeof verifications}`;

function attempt(entry: Entry): FailedAttempt {
  const [failure, verification] = entry.split(', ') as [keyof typeof failures, keyof typeof verifications | undefined];
  return {
    failure: failures[failure],
    ...(verification !== undefined && { verification: verifications[verification] }),
  };
}

/** The next step: a reason is that of the error that the caller gets. */
function stepAfter(entries: readonly Entry[], retrySafety: RetrySafety, mayRetry: boolean): string {
  const step = nextStep({ attempts: entries.map(attempt), ...retrySafety, mayRetry });
  return step instanceof CallError ? step.reason : step;
}

type Row = readonly [attempts: readonly Entry[], step: CallReason | 'retry' | 'verify', mayRetry?: false];

const idempotent: readonly Row[] = [
  // A rejection of the first request that was sent is final.
  [['refused'], 'GRAPH_REJECTED'],
  [['not sent', 'refused'], 'GRAPH_REJECTED'],
  [['queued'], 'APPROVAL_PENDING'],
  // A request that was not sent, or that Graph has deferred, is sent again.
  [['not sent'], 'retry'],
  [['not sent'], 'GRAPH_UNAVAILABLE', false],
  [['throttled'], 'retry'],
  // Graph may have applied a write despite its 429, so a read verifies it if there is no time to retry.
  [['throttled'], 'verify', false],
  [['throttled, old values'], 'THROTTLED'],
  [['throttled, no read'], 'THROTTLED'],
  [['throttled', 'refused'], 'verify'],
  [['throttled', 'refused, old values'], 'GRAPH_REJECTED'],
  [['throttled', 'refused, no read'], 'OUTCOME_UNKNOWN'],
  [['throttled', 'signed out, no read'], 'SIGN_IN_REQUIRED'],
  // If a write may have been applied, a read comes first.
  [['server error'], 'verify'],
  [['reset'], 'verify'],
  [['no response'], 'verify'],
  [['proxy page'], 'verify'],
  [['accepted'], 'verify'],
  [['not shown'], 'verify'],
  [['reset, no read'], 'OUTCOME_UNKNOWN'],
  [['server error, no read'], 'OUTCOME_UNKNOWN'],
  [['reset, no state'], 'OUTCOME_UNKNOWN'],
  [['throttled, no state'], 'GRAPH_NOT_FOUND'],
  [['server error, no state'], 'GRAPH_NOT_FOUND'],
  // If a read shows the old values, it is sent once more, and then not again.
  [['server error, old values'], 'retry'],
  [['reset, old values'], 'retry'],
  [['server error, old values'], 'GRAPH_UNAVAILABLE', false],
  [['server error, old values', 'server error, old values'], 'GRAPH_UNAVAILABLE'],
  // A request without a response from Graph itself may still be applied later.
  [['reset, old values'], 'OUTCOME_UNKNOWN', false],
  [['gateway timeout, old values', 'server error, old values'], 'OUTCOME_UNKNOWN'],
  [['proxy page, old values'], 'retry'],
  [['proxy page, old values', 'proxy page, old values'], 'OUTCOME_UNKNOWN'],
  // What Graph has accepted is never sent again. What it has processed can no longer be applied.
  [['accepted, old values'], 'OUTCOME_UNKNOWN'],
  [['accepted, no read'], 'OUTCOME_UNKNOWN'],
  [['not shown, old values'], 'NOT_APPLIED'],
  [['not shown, no read'], 'OUTCOME_UNKNOWN'],
  [['not shown, no state'], 'GRAPH_NOT_FOUND'],
  [['throttled', 'not shown, old values'], 'NOT_APPLIED'],
  [['not sent', 'not shown, old values'], 'NOT_APPLIED'],
  [['server error, old values', 'not shown, old values'], 'NOT_APPLIED'],
  [['reset, old values', 'not shown, old values'], 'OUTCOME_UNKNOWN'],
  [['throttled', 'accepted, old values'], 'OUTCOME_UNKNOWN'],
  // The service waits after a proxy's 429, but it proves nothing.
  [['throttled by a proxy'], 'retry'],
  [['throttled by a proxy'], 'verify', false],
  [['throttled by a proxy, old values'], 'OUTCOME_UNKNOWN', false],
  [['throttled by a proxy', 'refused'], 'verify'],
  [['throttled by a proxy', 'refused, old values'], 'OUTCOME_UNKNOWN'],
  // A later response gives no information about an earlier request.
  [['server error, old values', 'refused'], 'verify'],
  [['server error, old values', 'refused, old values'], 'GRAPH_REJECTED'],
  [['reset, old values', 'refused, old values'], 'OUTCOME_UNKNOWN'],
  // An earlier request may have applied the change that is now filed for approval.
  [['reset, old values', 'queued'], 'verify'],
  [['reset, old values', 'queued, old values'], 'APPROVAL_PENDING'],
  [['reset, old values', 'queued, no read'], 'APPROVAL_PENDING'],
];

const mayQueueApproval: readonly Row[] = [
  [['not sent'], 'retry'],
  [['queued'], 'APPROVAL_PENDING'],
  [['throttled'], 'verify'],
  [['throttled, old values'], 'THROTTLED'],
  // The old values prove nothing: the change may be waiting for approval.
  [['server error, old values'], 'OUTCOME_UNKNOWN'],
  [['reset, old values'], 'OUTCOME_UNKNOWN'],
  [['accepted, old values'], 'OUTCOME_UNKNOWN'],
  // Graph has processed the request, so it has not filed it.
  [['not shown, old values'], 'NOT_APPLIED'],
];

const notIdempotent: readonly Row[] = [
  [['not sent'], 'retry'],
  [['throttled'], 'verify'],
  [['throttled, nothing'], 'THROTTLED'],
  [['unavailable, nothing'], 'GRAPH_UNAVAILABLE'],
  // Without a read, a 429 is not enough to say that nothing was created.
  [['throttled, no read'], 'OUTCOME_UNKNOWN'],
  [['server error, nothing'], 'GRAPH_UNAVAILABLE'],
  [['reset, nothing'], 'OUTCOME_UNKNOWN'],
  // A state with other values may be the one that was created.
  [['throttled, old values'], 'OUTCOME_UNKNOWN'],
  [['server error, old values'], 'OUTCOME_UNKNOWN'],
  [['reset, old values'], 'OUTCOME_UNKNOWN'],
  [['not shown, old values'], 'NOT_APPLIED'],
  // A state that Graph says it has created may appear later.
  [['not shown, nothing'], 'OUTCOME_UNKNOWN'],
  [['not shown, no read'], 'OUTCOME_UNKNOWN'],
];

const createWithApproval: readonly Row[] = [
  [['throttled, nothing'], 'THROTTLED'],
  [['throttled, no read'], 'OUTCOME_UNKNOWN'],
  [['server error, nothing'], 'OUTCOME_UNKNOWN'],
  [['not shown, old values'], 'NOT_APPLIED'],
];

const update: RetrySafety = { isIdempotent: true, mayQueueApproval: false };
const create: RetrySafety = { isIdempotent: false, mayQueueApproval: false };

describe.each([
  ['idempotent', update, idempotent],
  ['idempotent and may be filed for approval', { ...update, mayQueueApproval: true }, mayQueueApproval],
  ['not idempotent', create, notIdempotent],
  ['not idempotent and may be filed for approval', { ...create, mayQueueApproval: true }, createWithApproval],
] as const)('the next step of a write that is %s', (_, retrySafety, rows) => {
  test.each(rows.map(([attempts, step, mayRetry = true]) => ({ attempts, step, mayRetry })))(
    'after $attempts is $step (another attempt allowed: $mayRetry)',
    ({ attempts, step, mayRetry }) => expect(stepAfter(attempts, retrySafety, mayRetry)).toBe(step),
  );
});

test('the error of an unknown outcome has the certainty unknown, and the failed read as its cause', () => {
  const step = nextStep({ attempts: [attempt('reset, no read')], ...update, mayRetry: true });
  expect(step).toMatchObject({ certainty: 'unknown', cause: verifications['no read'] });
});

test('the error of a change that is not applied is certain, and has the values that the read showed', () => {
  const step = nextStep({ attempts: [attempt('not shown, old values')], ...update, mayRetry: true });
  expect(step).toMatchObject({ reason: 'NOT_APPLIED', certainty: 'not-applied', details: { current } });
});

test('a throttled change that may be waiting for approval is never reported as not applied with certainty', () => {
  const attempts = [attempt('throttled, old values')];
  expect(nextStep({ attempts, ...update, mayQueueApproval: true, mayRetry: true })).toMatchObject({
    reason: 'THROTTLED',
    certainty: 'deferred',
  });
  expect(nextStep({ attempts, ...update, mayRetry: true })).toMatchObject({ certainty: 'not-applied' });
});
