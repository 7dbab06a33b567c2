import { z } from 'zod/mini';
import { approvalRequest, patch as patchSchema } from '../../api/inputs/user-state.js';
import type { RouterInputs } from '../../client/index.js';
import type { Change, WaitingRow } from '../local-changes.js';
import type { ScriptUserState } from '../queries.js';
import { countFields, fieldLabels, parseCount, parseFields } from '../validation.js';

export type Patch = RouterInputs['scriptUserState']['update']['patch'];

/** The fields with their labels. */
export const draftFields = [
  ...countFields,
  ['userPrincipalName', fieldLabels.userPrincipalName],
] as const satisfies readonly (readonly [keyof Patch, string])[];

/** The texts of the form. */
export interface Draft {
  readonly patch: Readonly<Record<keyof Patch, string>>;
  /** Files the change for approval. */
  readonly justification: string;
}

/** Values as the form shows them. */
export function textsOf(state: ScriptUserState): Draft['patch'];
export function textsOf(patch: WaitingRow['patch'] | undefined): Partial<Draft['patch']>;
export function textsOf(values: WaitingRow['patch'] | ScriptUserState = {}): Partial<Draft['patch']> {
  return Object.fromEntries(
    draftFields.flatMap(([field]) => (values[field] === undefined ? [] : [[field, String(values[field] ?? '')]])),
  );
}

/** The fields whose text is not that of a state. */
export function changedFields({ patch }: Draft, state: ScriptUserState): readonly (keyof Patch)[] {
  const texts = textsOf(state);
  return draftFields.map(([field]) => field).filter((field) => patch[field] !== texts[field]);
}

/** A change as it is sent: made directly, or filed for approval if it has a justification. */
export interface DraftedChange extends Change {
  readonly justification?: string | undefined;
}

/**
 * Parses a draft, and validates it with the schemas of the service.
 *
 * @param state the current values, of which only changes are sent
 * @param needsApproval whether the change requires a justification
 */
export const draftSchema = (state: ScriptUserState, needsApproval: boolean) =>
  z.transform((draft: Draft, payload): DraftedChange => {
    const fields = changedFields(draft, state).map((field) => {
      const text = draft.patch[field];
      return [field, field === 'userPrincipalName' ? text : (parseCount(text) ?? Number.NaN)] as const;
    });
    const patch = parseFields(patchSchema, Object.fromEntries(fields), ['patch'], payload) ?? {};
    const justification = draft.justification.trim();
    if (!needsApproval && justification === '') return { patch };
    if (justification === '') {
      const path = ['justification'];
      payload.issues.push({ code: 'custom', input: draft, path, message: 'Enter a justification' });
      return { patch };
    }
    return { patch, ...parseFields(approvalRequest, { justification }, [], payload) };
  });

/** Whether a state has the values of a patch. Names are compared as Entra does, without regard to case. */
export function isApplied(patch: Patch, state: ScriptUserState): boolean {
  return draftFields.every(([field]) => {
    const value = patch[field];
    return value === undefined || String(value).toLowerCase() === String(state[field] ?? '').toLowerCase();
  });
}
