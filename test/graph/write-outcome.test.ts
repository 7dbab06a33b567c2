import { describe, expect, test } from 'vitest';
import { CallError, type CallReason } from '../../src/errors.js';
import { type FailedAttempt, nextStep, type RetrySafety } from '../../src/graph/requests/write-outcome.js';

/** How an attempt failed. */
const failures = {
  'not sent': new CallError('GRAPH_UNAVAILABLE', { certainty: 'deferred' }),
  refused: new CallError('GRAPH_REJECTED', { status: 400 }),
  'signed out': new CallError('SIGN_IN_REQUIRED'),
  queued: new CallError('APPROVAL_PENDING', { status: 412 }),
  throttled: new CallError('THROTTLED', { status: 429, certainty: 'deferred' }),
  'server error': new CallError('GRAPH_UNAVAILABLE', { status: 500, certainty: 'completed' }),
  'gateway timeout': new CallError('GRAPH_UNAVAILABLE', { status: 504, certainty: 'unknown' }),
  reset: new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' }),
  'no response': new CallError('GRAPH_TIMEOUT', { certainty: 'unknown' }),
  unconfirmed: new CallError('OUTCOME_UNKNOWN', { status: 204, certainty: 'unknown' }),
} as const satisfies Record<string, CallError>;

/** The result of the read after the attempt. */
const verifications = {
  'old values': 'not-applied',
  'no read': new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' }),
  'no state': new CallError('GRAPH_NOT_FOUND', { status: 404 }),
} as const;

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
  const step = nextStep({ attempts: entries.map(attempt), retrySafety, mayRetry });
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
  [['unconfirmed'], 'verify'],
  [['reset, no read'], 'OUTCOME_UNKNOWN'],
  [['server error, no read'], 'OUTCOME_UNKNOWN'],
  [['reset, no state'], 'OUTCOME_UNKNOWN'],
  [['throttled, no state'], 'GRAPH_NOT_FOUND'],
  // If a read shows the old values, it is sent once more, and then not again.
  [['server error, old values'], 'retry'],
  [['reset, old values'], 'retry'],
  [['server error, old values'], 'GRAPH_UNAVAILABLE', false],
  [['server error, old values', 'server error, old values'], 'GRAPH_UNAVAILABLE'],
  // A request without a response from Graph itself may still be applied later.
  [['reset, old values'], 'OUTCOME_UNKNOWN', false],
  [['gateway timeout, old values', 'server error, old values'], 'OUTCOME_UNKNOWN'],
  [['unconfirmed, old values', 'unconfirmed, old values'], 'OUTCOME_UNKNOWN'],
  // A later response gives no information about an earlier request.
  [['server error, old values', 'refused'], 'verify'],
  [['server error, old values', 'refused, old values'], 'GRAPH_REJECTED'],
  [['reset, old values', 'refused, old values'], 'OUTCOME_UNKNOWN'],
  [['reset, old values', 'queued'], 'APPROVAL_PENDING'],
];

const mayQueueApproval: readonly Row[] = [
  [['not sent'], 'retry'],
  [['throttled'], 'verify'],
  [['throttled, old values'], 'THROTTLED'],
  // The old values prove nothing: the change may be waiting for approval.
  [['server error, old values'], 'OUTCOME_UNKNOWN'],
  [['reset, old values'], 'OUTCOME_UNKNOWN'],
];

const notIdempotent: readonly Row[] = [
  [['not sent'], 'retry'],
  [['throttled'], 'verify'],
  [['throttled, old values'], 'THROTTLED'],
  // Without a read, a 429 is not enough to say that nothing was created.
  [['throttled, no read'], 'OUTCOME_UNKNOWN'],
  [['server error, old values'], 'GRAPH_UNAVAILABLE'],
  [['reset, old values'], 'OUTCOME_UNKNOWN'],
];

describe.each([
  ['idempotent', idempotent],
  ['mayQueueApproval', mayQueueApproval],
  ['notIdempotent', notIdempotent],
] as const)('the next step of a write that is %s', (retrySafety, rows) => {
  test.each(rows.map(([attempts, step, mayRetry = true]) => ({ attempts, step, mayRetry })))(
    'after $attempts is $step (another attempt allowed: $mayRetry)',
    ({ attempts, step, mayRetry }) => expect(stepAfter(attempts, retrySafety, mayRetry)).toBe(step),
  );
});

test('the error of an unknown outcome has the certainty unknown, and the failed read as its cause', () => {
  const step = nextStep({ attempts: [attempt('reset, no read')], retrySafety: 'idempotent', mayRetry: true });
  expect(step).toMatchObject({ certainty: 'unknown', cause: verifications['no read'] });
});

test('a throttled change that may be waiting for approval is never reported as not applied with certainty', () => {
  const attempts = [attempt('throttled, old values')];
  expect(nextStep({ attempts, retrySafety: 'mayQueueApproval', mayRetry: true })).toMatchObject({
    reason: 'THROTTLED',
    certainty: 'deferred',
  });
  expect(nextStep({ attempts, retrySafety: 'idempotent', mayRetry: true })).toMatchObject({ certainty: 'not-applied' });
});
