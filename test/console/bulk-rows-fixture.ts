import * as fc from 'fast-check';
import type { JobRow } from '../../src/console/jobs/job-queries.js';
import { outcomeOrder } from '../../src/console/jobs/job-state.js';
import type { ScriptRef } from '../../src/console/queries.js';

/** The open script. */
export const script: ScriptRef = { scriptKind: 'deviceShellScript', scriptId: '-1:script' };

/** Characters with a meaning in CSV or in spreadsheets, and others. */
const odd = fc.constantFrom(...'=+-@\'",;\t\r\n ＝＋－＠\uFEFF\u00A0é漢😀a1');
export const text = fc.string({
  unit: fc.oneof(odd, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
  maxLength: 8,
});
const id = fc.stringMatching(/^[-:_a-z0-9]{1,12}$/);
const count = fc.integer({ min: 0, max: 2_147_483_647 });
/** A state as Graph can return it, including values that inputs must not have. */
const state = fc.record({
  id,
  successDeviceCount: fc.oneof(count, fc.integer({ min: -9, max: -1 })),
  errorDeviceCount: count,
  userPrincipalName: fc.option(text),
});
export const states = fc.uniqueArray(state, { selector: (each) => each.id, maxLength: 12 });
export const someStates = fc.uniqueArray(state, { selector: (each) => each.id, minLength: 1, maxLength: 12 });
/** A valid name. */
const name = text.filter(
  (each) => each !== '' && each === each.trim() && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(each),
);
export const patch = fc
  .record({ userPrincipalName: name, successDeviceCount: count, errorDeviceCount: count }, { requiredKeys: [] })
  .filter((fields) => Object.keys(fields).length > 0);
/** The error of a row, with texts of Graph. */
const error = fc
  .record({
    reason: fc.constantFrom('GRAPH_REJECTED', 'APPROVAL_PENDING', 'OUTCOME_UNKNOWN', 'INTERNAL', 'CONFLICT'),
    message: text,
    requestId: text,
  })
  .map(
    ({ reason, message, requestId }) =>
      ({ message, data: { reason, requestId } }) as unknown as NonNullable<JobRow['error']>,
  );
/** Rows of a job, each of another state. */
export const jobRows: fc.Arbitrary<readonly JobRow[]> = fc.uniqueArray(
  fc.record(
    {
      index: fc.nat(5_000),
      scriptKind: fc.constantFrom('deviceShellScript', 'deviceManagementScript'),
      scriptId: id,
      userStateId: id,
      patch,
      outcome: fc.constantFrom(...outcomeOrder),
      before: state,
      userState: state,
      error,
      approvalCode: text,
    },
    { requiredKeys: ['index', 'scriptKind', 'scriptId', 'userStateId', 'patch', 'outcome'] },
  ),
  {
    selector: ({ scriptKind, scriptId, userStateId }) => [scriptKind, scriptId, userStateId].join('/'),
    minLength: 1,
    maxLength: 12,
  },
);
