import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { failureOf, isOutcomeUnknown } from '../failure.js';
import { type Change, type LocalChange, useLocalChanges } from '../local-changes.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { trpc } from '../trpc.js';
import { isApplied, type Patch } from './draft.js';

/**
 * Updates one user state optimistically: the list shows the new values immediately, and reverts if the update is
 * rejected.
 */
export function useUpdate(script: ScriptRef, state: ScriptUserState) {
  const target = { ...script, userStateId: state.id };
  const localChanges = useLocalChanges();
  const entry = localChanges.get(target);
  /** The values that Graph was last known to have. */
  const [known, setKnown] = useState(state);
  // While its dialog is open, nothing else sets the entry of this state.
  const setEntry = (next: Omit<LocalChange, 'updatedAt'>, updatedAt = Date.now()) =>
    localChanges.set([[target, { ...next, updatedAt }]]);

  const update = useMutation({
    mutationFn: (change: Change) => trpc.scriptUserState.update.mutate({ ...target, ...change }),
    onMutate: ({ patch }) =>
      setEntry({ ...entry, values: { ...known, ...definedFields(patch) }, status: 'saving' }, Number.POSITIVE_INFINITY),
    onSuccess: (values) => setEntry({ values }),
    onError(error, change) {
      const { reason, approvalCode: code, current = known } = failureOf(error, sentWrite(change));
      setKnown(current);
      // A change that Graph accepted without applying it no longer awaits approval.
      const waiting = reason === 'NOT_APPLIED' ? undefined : entry?.awaitingApproval;
      const awaitingApproval = code === undefined ? waiting : { patch: change.patch, approval: { code } };
      setEntry({
        values: current,
        ...(awaitingApproval && { awaitingApproval }),
        ...(isOutcomeUnknown(reason) && { status: 'unknown' }),
      });
    },
  });

  /** Fetches the current values, and finds out whether they include the change. */
  const verification = useMutation({
    mutationFn: async ({ patch }: Change) => {
      const current = await trpc.scriptUserState.get.query(target);
      return { current, applied: isApplied(patch, current) };
    },
    onSuccess({ current, applied }) {
      setKnown(current);
      const awaitingApproval = applied ? undefined : entry?.awaitingApproval;
      setEntry({ values: current, ...(awaitingApproval && { awaitingApproval }) });
    },
  });

  const failure = update.isError ? failureOf(update.error, sentWrite(update.variables)) : undefined;

  /** Discards the change that awaits approval. */
  const discard = () => setEntry({ values: known });
  return { known, update, failure, verification, awaitingApproval: entry?.awaitingApproval, discard };
}

const sentWrite = ({ approval }: Change) => ({ approvalCode: approval?.code });

const definedFields = (patch: Patch): { [Field in keyof Patch]?: NonNullable<Patch[Field]> } =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
