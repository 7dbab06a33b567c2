import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { failureOf, isOutcomeUnknown } from '../failure.js';
import { type Change, type LocalChange, useLocalChanges } from '../local-changes.js';
import { type ScriptRef, type ScriptUserState, userStateQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import { isApplied, type Patch } from './draft.js';

/** The values of a state before and after another user changed it. */
export interface OtherChange {
  readonly before: ScriptUserState;
  readonly after: ScriptUserState;
}

/**
 * Updates one user state optimistically: the list shows the new values immediately, and reverts if the update is
 * rejected. The state is read when its dialog opens, and is only written to if it still has the values of the dialog.
 */
export function useUpdate(script: ScriptRef, state: ScriptUserState) {
  const target = { ...script, userStateId: state.id };
  const localChanges = useLocalChanges();
  /** The values that Graph was last known to have. */
  const [known, setKnown] = useState(state);
  const [otherChange, setOtherChange] = useState<OtherChange>();
  // While its dialog is open, nothing else sets the entry of this state.
  const setEntry = (next: Omit<LocalChange, 'updatedAt'>, updatedAt = Date.now()) =>
    localChanges.set([[target, { ...next, updatedAt }]]);

  /** Shows values that another user has set. */
  function show(current: ScriptUserState): void {
    if (!isSame(known, current)) setOtherChange({ before: known, after: current });
    setKnown(current);
  }

  const update = useMutation({
    mutationFn: ({ patch }: Change) =>
      trpc.scriptUserState.update.mutate({ ...target, patch, expected: valuesOf(known) }),
    onMutate({ patch }) {
      setOtherChange(undefined);
      setEntry({ values: { ...known, ...definedFields(patch) }, status: 'saving' }, Number.POSITIVE_INFINITY);
    },
    onSuccess: (values) => setEntry({ values }),
    onError(error) {
      const { reason, current = known } = failureOf(error, {});
      if (reason === 'CONFLICT') show(current);
      else setKnown(current);
      setEntry({ values: current, ...(isOutcomeUnknown(reason) && { status: 'unknown' }) });
    },
  });

  /** Fetches the current values, and finds out whether they include the change. */
  const verification = useMutation({
    mutationFn: async ({ patch }: Change) => {
      const current = await trpc.scriptUserState.get.query(target);
      return { current, applied: isApplied(patch, current) };
    },
    onSuccess({ current }) {
      setKnown(current);
      setEntry({ values: current });
    },
  });

  // The list can be outdated, so the values are read once. Later ones come with the outcome of an update.
  const { data: read } = useQuery({ ...userStateQuery(target), enabled: update.isIdle });
  const [shownRead, setShownRead] = useState<ScriptUserState>();
  if (read !== undefined && read !== shownRead && update.isIdle) {
    setShownRead(read);
    show(read);
  }
  const latest = useRef({ setEntry, state });
  useEffect(() => {
    latest.current = { setEntry, state };
  });
  useEffect(() => {
    if (shownRead !== undefined && !isSame(shownRead, latest.current.state)) {
      latest.current.setEntry({ values: shownRead });
    }
  }, [shownRead]);

  const failure = update.isError ? failureOf(update.error, {}) : undefined;
  return { known, otherChange, update, failure, verification };
}

/** The values that an update expects. */
export const valuesOf = ({ successDeviceCount, errorDeviceCount, userPrincipalName }: ScriptUserState) => ({
  successDeviceCount,
  errorDeviceCount,
  userPrincipalName,
});

const isSame = (a: ScriptUserState, b: ScriptUserState): boolean =>
  a.successDeviceCount === b.successDeviceCount &&
  a.errorDeviceCount === b.errorDeviceCount &&
  a.userPrincipalName === b.userPrincipalName;

const definedFields = (patch: Patch): { [Field in keyof Patch]?: NonNullable<Patch[Field]> } =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
