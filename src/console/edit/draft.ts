import { patch as patchSchema } from '../../api/inputs/user-state.js';
import type { RouterInputs } from '../../client/index.js';
import type { ScriptUserState } from '../queries.js';
import { countFields, fieldMessage, parseCount } from '../validation.js';

export type Patch = RouterInputs['scriptUserState']['update']['patch'];

/** The text of each edited field of the form. */
export type Draft = { readonly [Field in keyof Patch]?: string };
export type DraftField = keyof Draft;

/** The fields with their labels. */
export const draftFields = [
  ...countFields,
  ['userPrincipalName', 'User principal name'],
] as const satisfies readonly (readonly [DraftField, string])[];

/** The text that a field shows: the draft's, otherwise that of the current value. */
export const textOf = (field: DraftField, draft: Draft, state: ScriptUserState): string =>
  draft[field] ?? String(state[field] ?? '');

/** The draft that results in a patch. */
export const draftOf = (patch: Patch): Draft =>
  Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, String(value)]));

/** Whether a state has the values of a patch. Names are compared as Entra does, without regard to case. */
export function isApplied(patch: Patch, state: ScriptUserState): boolean {
  return draftFields.every(([field]) => {
    const value = patch[field];
    return value === undefined || String(value).toLowerCase() === String(state[field] ?? '').toLowerCase();
  });
}

/** The patch to send, with changed fields only, or the problem with each field. */
export interface ValidatedDraft {
  readonly patch: Patch | undefined;
  readonly problems: Partial<Record<DraftField, string>>;
}

/** Validates a draft with the input schema of the service. */
export function validateDraft(draft: Draft, state: ScriptUserState): ValidatedDraft {
  const changed = draftFields
    .map(([field]) => field)
    .filter((field) => textOf(field, draft, state) !== textOf(field, {}, state));
  if (changed.length === 0) return { patch: undefined, problems: {} };
  const typed = Object.fromEntries(
    changed.map((field) => {
      const text = textOf(field, draft, state);
      return [field, field === 'userPrincipalName' ? text : (parseCount(text) ?? Number.NaN)];
    }),
  );
  const parsed = patchSchema.safeParse(typed);
  if (parsed.success) return { patch: parsed.data, problems: {} };
  return {
    patch: undefined,
    problems: Object.fromEntries(
      parsed.error.issues.map(({ path: [field], message }) => [
        String(field),
        fieldMessage(typed[String(field)], message),
      ]),
    ),
  };
}
