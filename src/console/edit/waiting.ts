import { queryOptions } from '@tanstack/react-query';
import type { RouterInputs } from '../../contract.js';
import type { Target } from '../queries.js';

type Update = RouterInputs['scriptUserState']['update'];

/** A change that is sent. */
export type Change = Pick<Update, 'patch' | 'approval'>;

/**
 * The change of a state that waits for a second administrator, with the code that it is to be sent again with. It is
 * fetched from nowhere: it is what this page was told, kept while the page lives.
 */
export const waitingQuery = ({ scriptKind, scriptId, userStateId }: Target) =>
  queryOptions<Change | null>({
    queryKey: ['waiting', scriptKind, scriptId, userStateId],
    queryFn: () => null,
    initialData: null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
