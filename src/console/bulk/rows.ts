import type { RouterInputs } from '../../contract.js';
import { type Failure, type FailureReason, leavesUnknown } from '../failure.js';
import type { UserState } from '../queries.js';

type UpdateMany = RouterInputs['scriptUserState']['updateMany'];

/** One change to be sent: which user state, and what of it to set. */
export type Row = UpdateMany['updates'][number];

/** What goes along with changes where the tenant wants a second administrator. */
export type Approval = NonNullable<UpdateMany['approval']>;

/** Why a row is not known to be changed; `NOT_SENT` is the console's own: the row never left this page. */
export interface RowFailure extends Omit<Failure, 'reason'> {
  readonly reason: FailureReason | 'NOT_SENT';
}

/** A row that is not known to be changed, and why. */
export interface FailedRow {
  readonly row: Row;
  readonly failure: RowFailure;
}

const kinds = [
  ['failed', 'failed'],
  ['waiting', 'waiting for approval'],
  ['unknown', 'with an unknown outcome'],
  ['notSent', 'not sent'],
] as const;
type Kind = (typeof kinds)[number][0];

/** Whether a row is surely not changed, perhaps changed, to be approved first, or was never sent. */
export function kindOf({ reason }: RowFailure): Kind {
  if (reason === 'NOT_SENT') return 'notSent';
  if (reason === 'APPROVAL_PENDING') return 'waiting';
  return leavesUnknown(reason) ? 'unknown' : 'failed';
}

/** How often there is a thing, in words: `1,000 changes`. */
export const countOf = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** What came of all rows, in words: `998 changed, 2 failed`. */
export function summaryOf(succeeded: number, failures: readonly FailedRow[]): string {
  const counts = { failed: 0, waiting: 0, unknown: 0, notSent: 0 };
  for (const { failure } of failures) counts[kindOf(failure)]++;
  const parts = kinds
    .filter(([kind]) => counts[kind] > 0)
    .map(([kind, words]) => `${counts[kind].toLocaleString('en')} ${words}`);
  return [`${succeeded.toLocaleString('en')} changed`, ...parts].join(', ');
}

/** Who a row is about: the name that is known to be there, else the one to be set, else the id. */
export function personOf(row: Row, names: ReadonlyMap<string, string>): string {
  return names.get(row.userStateId) ?? row.patch.userPrincipalName ?? row.userStateId;
}

/** The names of people by the ids of their states. */
export function namesOf(states: readonly UserState[]): ReadonlyMap<string, string> {
  return new Map(states.flatMap(({ id, userPrincipalName: name }) => (name ? [[id, name] as const] : [])));
}
