import * as fc from 'fast-check';
import type { Row, RowFailure } from '../../src/console/bulk/rows.js';
import type { Script } from '../../src/console/queries.js';

/** The script that is open. */
export const script: Script = { scriptKind: 'deviceShellScript', scriptId: '-1:script' };

/** What spreadsheets and CSV trip over, and the rest of Unicode. */
const odd = fc.constantFrom(...'=+-@\'",;\t\r\n ＝＋－＠\uFEFF\u00A0é漢😀a1');
export const text = fc.string({
  unit: fc.oneof(odd, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
  maxLength: 8,
});
const id = fc.stringMatching(/^[-:_a-z0-9]{1,12}$/);
const count = fc.integer({ min: 0, max: 2_147_483_647 });
/** As Graph can have it, with what no input may hold. */
const state = fc.record({
  id,
  successDeviceCount: fc.oneof(count, fc.integer({ min: -9, max: -1 })),
  errorDeviceCount: count,
  userPrincipalName: fc.option(text),
});
export const states = fc.uniqueArray(state, { selector: (each) => each.id, maxLength: 12 });
export const someStates = fc.uniqueArray(state, { selector: (each) => each.id, minLength: 1, maxLength: 12 });
/** A name that may be set. */
const name = text.filter((each) => each.trim() !== '' && !/\p{Cc}/u.test(each));
export const patch = fc
  .record({ userPrincipalName: name, successDeviceCount: count, errorDeviceCount: count }, { requiredKeys: [] })
  .filter((fields) => Object.keys(fields).length > 0);
export const row: fc.Arbitrary<Row> = fc.record({
  scriptKind: fc.constantFrom('deviceShellScript', 'deviceManagementScript'),
  scriptId: id,
  userStateId: id,
  patch,
});
export const failure: fc.Arbitrary<RowFailure> = fc.record(
  {
    reason: fc.constantFrom('GRAPH_REJECTED', 'APPROVAL_PENDING', 'OUTCOME_UNKNOWN', 'INTERNAL', 'NOT_SENT'),
    title: text,
    next: text,
    detail: text,
    requestId: text,
    approvalCode: text,
  },
  { requiredKeys: ['reason', 'title', 'next'] },
);
export const failedRows = fc.array(fc.record({ row, failure }), { minLength: 1, maxLength: 12 });
