import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { failureOf } from '../failure.js';
import { replaceUserState, type Script, type UserState, userStatesQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import type { Patch } from './draft.js';
import { type Change, waitingQuery } from './waiting.js';

/** Changes one user state. The list shows the new values at once, and the old ones again when they are refused. */
export function useUpdate(script: Script, state: UserState) {
  const client = useQueryClient();
  // What Graph was last seen to have: what a refusal goes back to.
  const [known, setKnown] = useState(state);
  const target = { ...script, userStateId: state.id };
  const waiting = waitingQuery(target);
  const setWaiting = (change: Change | null) => client.setQueryData(waiting.queryKey, change);
  const show = (shown: UserState) => replaceUserState(client, script, shown);

  const update = useMutation({
    mutationFn: (change: Change) => trpc.scriptUserState.update.mutate({ ...target, ...change }),
    async onMutate({ patch }) {
      await client.cancelQueries(userStatesQuery(script));
      show(withPatch(known, patch));
    },
    onSuccess(changed) {
      show(changed);
      setWaiting(null);
    },
    onError(error, change) {
      show(known);
      const { reason, approvalCode: code } = failureOf(error, true);
      if (reason === 'APPROVAL_PENDING' && code !== undefined) {
        setWaiting({ ...change, approval: { ...change.approval, code } });
      }
    },
  });

  /** Asks what is there now. */
  const look = useMutation({
    mutationFn: () => trpc.scriptUserState.get.query(target),
    onSuccess(found) {
      setKnown(found);
      show(found);
      const change = client.getQueryData(waiting.queryKey);
      if (change && isSame(withPatch(found, change.patch), found)) setWaiting(null);
    },
  });

  return { known, update, look, waiting: useQuery(waiting).data, forget: () => setWaiting(null) };
}

function withPatch(state: UserState, { successDeviceCount, errorDeviceCount, userPrincipalName }: Patch): UserState {
  return {
    id: state.id,
    successDeviceCount: successDeviceCount ?? state.successDeviceCount,
    errorDeviceCount: errorDeviceCount ?? state.errorDeviceCount,
    userPrincipalName: userPrincipalName ?? state.userPrincipalName,
  };
}

const isSame = (one: UserState, other: UserState) =>
  one.successDeviceCount === other.successDeviceCount &&
  one.errorDeviceCount === other.errorDeviceCount &&
  one.userPrincipalName === other.userPrincipalName;
