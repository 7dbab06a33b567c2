import type { RouterInputs } from '../../contract.js';
import { type Failure, type FailureReason, isOutcomeUnknown } from '../failure.js';
import type { ScriptUserState } from '../queries.js';

type UpdateMany = RouterInputs['scriptUserState']['updateMany'];

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = UpdateMany['updates'][number];

/** The justification for updates in a tenant with multi admin approval. */
export type BulkApproval = NonNullable<UpdateMany['approval']>;

/** The known reason why a row was not updated; `NOT_SENT` if the page did not send it. */
export interface RowFailure extends Omit<Failure, 'reason'> {
  readonly reason: FailureReason | 'NOT_SENT';
}

/** A row that failed, was not sent, awaits approval, or has an unknown outcome. */
export interface FailedRow {
  readonly row: BulkRow;
  readonly failure: RowFailure;
}

const failureTexts = {
  failed: 'failed',
  awaitingApproval: 'awaiting approval',
  unknown: 'with an unknown outcome',
  notSent: 'not sent',
} as const;
type FailureKind = keyof typeof failureTexts;

/** The kind of a failure: only for `unknown`, the row may have been updated. */
export function failureKind({ reason }: RowFailure): FailureKind {
  if (reason === 'NOT_SENT') return 'notSent';
  if (reason === 'APPROVAL_PENDING') return 'awaitingApproval';
  return isOutcomeUnknown(reason) ? 'unknown' : 'failed';
}

/** A count with its noun: `1,000 changes`. */
export const pluralize = (count: number, singular: string, plural: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? singular : plural}`;

/** The counts of all rows: `998 changed, 2 failed`. */
export function summaryText(succeeded: number, failures: readonly FailedRow[]): string {
  const counts = { failed: 0, awaitingApproval: 0, unknown: 0, notSent: 0 } satisfies Record<FailureKind, number>;
  for (const { failure } of failures) counts[failureKind(failure)]++;
  const parts = (['failed', 'awaitingApproval', 'unknown', 'notSent'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind].toLocaleString('en')} ${failureTexts[kind]}`);
  return [`${succeeded.toLocaleString('en')} changed`, ...parts].join(', ');
}

/** The person of a row: the known name, otherwise the name to be set, otherwise the id of the state. */
export function personOf(row: BulkRow, names: ReadonlyMap<string, string>): string {
  return names.get(row.userStateId) ?? row.patch.userPrincipalName ?? row.userStateId;
}

/** The names of people by the ids of their states. */
export function namesById(states: readonly ScriptUserState[]): ReadonlyMap<string, string> {
  return new Map(states.flatMap(({ id, userPrincipalName: name }) => (name ? [[id, name] as const] : [])));
}

interface AnyScript {
  readonly scriptKind: string;
  readonly scriptId: string;
}

export const isSameScript = (one: AnyScript, other: AnyScript): boolean =>
  one.scriptKind === other.scriptKind && one.scriptId === other.scriptId;
