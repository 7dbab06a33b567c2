import type { RouterInputs } from '../../contract.js';
import { patch } from '../input-schemas.js';
import { readCount } from '../parse-count.js';
import type { UserState } from '../queries.js';

export type Patch = RouterInputs['scriptUserState']['update']['patch'];

/** What has been typed into the fields of the form; a field that nobody has touched is not there. */
export type Draft = { readonly [Field in keyof Patch]?: string };
export type DraftField = keyof Draft;

/** The fields, by what people call them. */
export const draftFields = [
  ['successDeviceCount', 'Devices succeeded'],
  ['errorDeviceCount', 'Devices failed'],
  ['userPrincipalName', 'User principal name'],
] as const satisfies readonly (readonly [DraftField, string])[];

/** What a field shows: what has been typed, else what is there. */
export const textOf = (field: DraftField, draft: Draft, state: UserState): string =>
  draft[field] ?? String(state[field] ?? '');

/** A change as it would have been typed. */
export const textsOf = (change: Patch): Draft =>
  Object.fromEntries(Object.entries(change).map(([field, value]) => [field, String(value)]));

/** What is wrong with each field, and what would be sent: only what was changed. */
export interface Checked {
  readonly patch: Patch | undefined;
  readonly problems: Partial<Record<DraftField, string>>;
}

/** Checks a draft by the very rules that the service holds inputs to. */
export function checkDraft(draft: Draft, state: UserState): Checked {
  const changed = draftFields
    .map(([field]) => field)
    .filter((field) => textOf(field, draft, state) !== textOf(field, {}, state));
  if (changed.length === 0) return { patch: undefined, problems: {} };
  const typed = Object.fromEntries(
    changed.map((field) => {
      const text = textOf(field, draft, state);
      return [field, field === 'userPrincipalName' ? text : (readCount(text) ?? Number.NaN)];
    }),
  );
  const checked = patch.safeParse(typed);
  if (checked.success) return { patch: checked.data, problems: {} };
  return {
    patch: undefined,
    problems: Object.fromEntries(checked.error.issues.map(({ path, message }) => [String(path[0]), message])),
  };
}
