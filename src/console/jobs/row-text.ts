import { describeFailure, type Failure, type FailureReason } from '../failure.js';
import { formatNumber } from '../format.js';
import { idKey } from '../ids.js';
import type { ScriptUserState } from '../queries.js';
import type { JobRow } from './job-queries.js';

/** The fields of a state, as sentences name them. */
const fieldTexts = [
  ['successDeviceCount', 'Devices succeeded'],
  ['errorDeviceCount', 'Devices failed'],
  ['userPrincipalName', 'User principal name'],
] as const;

/** Some of the values of a state. */
type Values = { readonly [Field in keyof Omit<ScriptUserState, 'id'>]?: ScriptUserState[Field] | undefined };

const valueText = (value: string | number | null) =>
  value === null ? 'none' : typeof value === 'number' ? formatNumber(value) : value;

/** The values of a patch, from those before where they are known: `Devices failed 8 → 3`. */
export function changeText(patch: Values, before: Values | undefined): string {
  return fieldTexts
    .flatMap(([field, label]) => {
      const value = patch[field];
      if (value === undefined) return [];
      const old = before?.[field];
      const text = valueText(value);
      return [old === undefined || old === value ? `${label} ${text}` : `${label} ${valueText(old)} → ${text}`];
    })
    .join(', ');
}

/** The differences between two states: those fields of which the values differ. */
export function differenceText(before: Values, after: Values): string {
  return changeText(
    Object.fromEntries(
      fieldTexts.flatMap(([field]) => (before[field] === after[field] ? [] : [[field, after[field]]])),
    ),
    before,
  );
}

/** The person of a row: the name before the change or after it, otherwise the id of the state. */
export function personOf(row: JobRow, names?: ReadonlyMap<string, string>): string {
  const name = row.before?.userPrincipalName ?? row.userState?.userPrincipalName;
  return name ?? names?.get(idKey(row.userStateId)) ?? row.patch.userPrincipalName ?? row.userStateId;
}

/** The next steps that differ for a row of a job from those for a single change. */
const nextSteps: Partial<Record<FailureReason, string>> = {
  APPROVAL_JUSTIFICATION_REQUIRED: 'Enter a justification, then retry the failed rows.',
  INVALID_INPUT: 'Correct the values, then send them again.',
  GRAPH_REJECTED: 'Correct the values, then send them again.',
  CONFLICT: 'The change was not applied. Check the current values before you send it again.',
};

/** Why a row has failed or waits, in words. */
export function failureOfRow({ error, approvalCode }: JobRow): Failure | undefined {
  if (error === undefined) return undefined;
  const failure = describeFailure(error, { approvalCode });
  if (failure.reason === 'APPROVAL_PENDING' && failure.approvalCode !== undefined) {
    return { ...failure, next: 'Give them the approval code. After the approval, complete the change.' };
  }
  return { ...failure, next: nextSteps[failure.reason] ?? failure.next };
}

/** Rows that failed for the same reason. */
export interface FailureGroup {
  readonly failure: Failure;
  readonly rows: number;
}

/** Groups failed rows by their reason, the most frequent one first. */
export function groupFailures(rows: readonly JobRow[]): readonly FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const row of rows) {
    const failure = failureOfRow(row);
    if (failure === undefined) continue;
    const key = `${failure.title} ${failure.next}`;
    groups.set(key, { failure: groups.get(key)?.failure ?? failure, rows: (groups.get(key)?.rows ?? 0) + 1 });
  }
  return [...groups.values()].toSorted((a, b) => b.rows - a.rows);
}
