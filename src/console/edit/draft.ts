import type { RouterInputs } from '../../contract.js';
import { readCount } from '../count.js';
import type { UserState } from '../queries.js';
import { patch } from '../rules.js';

export type Patch = RouterInputs['scriptUserState']['update']['patch'];

/** What stands in the fields of the form. */
export interface Draft {
  readonly successDeviceCount: string;
  readonly errorDeviceCount: string;
  readonly userPrincipalName: string;
}
export type DraftField = keyof Draft;

/** The fields, by what people call them. */
export const draftFields = [
  ['successDeviceCount', 'Devices succeeded'],
  ['errorDeviceCount', 'Devices failed'],
  ['userPrincipalName', 'User principal name'],
] as const satisfies readonly (readonly [DraftField, string])[];

/** The form as it is before anything is typed. */
export function draftOf(state: UserState, changed: Patch = {}): Draft {
  const { successDeviceCount, errorDeviceCount, userPrincipalName } = { ...state, ...changed };
  return {
    successDeviceCount: String(successDeviceCount),
    errorDeviceCount: String(errorDeviceCount),
    userPrincipalName: userPrincipalName ?? '',
  };
}

/** What is wrong with each field, and what would be sent: only what was changed. */
export interface Checked {
  readonly patch: Patch | undefined;
  readonly problems: Partial<Record<DraftField, string>>;
}

/** Checks a draft by the very rules that the service holds inputs to. */
export function checkDraft(draft: Draft, state: UserState): Checked {
  const before = draftOf(state);
  const changed = draftFields.map(([field]) => field).filter((field) => draft[field] !== before[field]);
  if (changed.length === 0) return { patch: undefined, problems: {} };
  const typed = Object.fromEntries(
    changed.map((field) => [
      field,
      field === 'userPrincipalName' ? draft[field] : (readCount(draft[field]) ?? Number.NaN),
    ]),
  );
  const checked = patch.safeParse(typed);
  if (checked.success) return { patch: checked.data, problems: {} };
  return {
    patch: undefined,
    problems: Object.fromEntries(checked.error.issues.map(({ path, message }) => [String(path[0]), message])),
  };
}
