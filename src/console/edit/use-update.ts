import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { failureOf } from '../failure.js';
import { replaceUserState, type Script, type UserState, userStatesQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import { type Change, waitingQuery } from './waiting.js';

/** Changes one user state. The list shows the new values at once, and the old ones again when they are refused. */
export function useUpdate(script: Script, state: UserState) {
  const client = useQueryClient();
  const waiting = waitingQuery({ ...script, userStateId: state.id });
  const setWaiting = (change: Change | null) => client.setQueryData(waiting.queryKey, change);
  const show = (shown: UserState) => replaceUserState(client, script, shown);

  const update = useMutation({
    mutationFn: (change: Change) => trpc.scriptUserState.update.mutate({ ...script, userStateId: state.id, ...change }),
    async onMutate({ patch: { successDeviceCount, errorDeviceCount, userPrincipalName } }) {
      await client.cancelQueries(userStatesQuery(script));
      show({
        id: state.id,
        successDeviceCount: successDeviceCount ?? state.successDeviceCount,
        errorDeviceCount: errorDeviceCount ?? state.errorDeviceCount,
        userPrincipalName: userPrincipalName ?? state.userPrincipalName,
      });
    },
    onSuccess(changed) {
      show(changed);
      setWaiting(null);
    },
    onError(error, change) {
      show(state);
      const { reason, approvalCode: code } = failureOf(error, true);
      if (reason === 'APPROVAL_PENDING' && code !== undefined) {
        setWaiting({ ...change, approval: { ...change.approval, code } });
      }
    },
  });

  /** Asks what is there now. */
  const look = useMutation({
    mutationFn: () => trpc.scriptUserState.get.query({ ...script, userStateId: state.id }),
    onSuccess: show,
  });

  return { update, look, waiting: useQuery(waiting).data, forget: () => setWaiting(null) };
}
