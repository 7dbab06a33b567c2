import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RouterInputs } from '../../contract.js';
import { failureOf } from '../failure.js';
import { replaceUserState, type Script, type UserState, userStatesQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import type { Patch } from './draft.js';

/** A change that is sent. */
export interface Change {
  readonly patch: Patch;
  readonly approval?: NonNullable<RouterInputs['scriptUserState']['update']['approval']>;
}

/** The change of a state that waits for a second administrator; kept while the page lives. */
const waitingQuery = (script: Script, id: string) =>
  queryOptions<Change | null>({
    queryKey: ['waiting', script, id],
    queryFn: () => null,
    initialData: null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });

/** Changes one user state. The list shows the new values at once, and the old ones again when they are refused. */
export function useUpdate(script: Script, state: UserState) {
  const client = useQueryClient();
  const waiting = waitingQuery(script, state.id);
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
