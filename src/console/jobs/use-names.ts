import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { idKey } from '../ids.js';
import { type ListedState, type ScriptKind, type ScriptSummary, scriptsQuery } from '../queries.js';
import { useAllPages } from '../use-all-pages.js';

interface AnyScript {
  readonly scriptKind: string;
  readonly scriptId: string;
}

/** The names of the scripts: fetches the lists of the kinds that occur. @returns the name of a script, or its id */
export function useScriptNames(scripts: readonly AnyScript[]): (script: AnyScript) => string {
  const kinds = new Set(scripts.map(({ scriptKind }) => scriptKind));
  const list = (kind: ScriptKind) => ({ ...scriptsQuery(kind), enabled: kinds.has(kind) });
  const { items: windows } = useAllPages(list('deviceManagementScript'));
  const { items: shell } = useAllPages(list('deviceShellScript'));
  const { items: attributes } = useAllPages(list('deviceCustomAttributeShellScript'));
  return useMemo(
    () => nameOf([...(windows ?? []), ...(shell ?? []), ...(attributes ?? [])]),
    [windows, shell, attributes],
  );
}

/** The names of people by the keys of the ids of their states, from the lists that the page has fetched. */
export function usePersonNames(): ReadonlyMap<string, string> {
  const client = useQueryClient();
  return useMemo(() => {
    type Data = InfiniteData<{ readonly items: readonly ListedState[] }>;
    const lists = client.getQueriesData<Data>({ queryKey: ['userStates'] });
    const states = lists.flatMap(([, data]) => data?.pages ?? []).flatMap(({ items }) => items);
    return new Map(
      states.flatMap(({ id, state: { userPrincipalName: name } }) =>
        name === null ? [] : [[idKey(id), name] as const],
      ),
    );
  }, [client]);
}

/** The names of the scripts, of which the lists are fetched if they are not on the page. */
export async function fetchScriptNames(
  client: QueryClient,
  scripts: readonly { readonly scriptKind: ScriptKind; readonly scriptId: string }[],
): Promise<(script: AnyScript) => string> {
  const kinds = [...new Set(scripts.map(({ scriptKind }) => scriptKind))];
  const lists = await Promise.all(
    // Without names, the file has the ids.
    kinds.map((kind) => client.fetchInfiniteQuery({ ...scriptsQuery(kind), pages: maxPages }).catch(() => undefined)),
  );
  return nameOf(lists.flatMap((list) => list?.pages ?? []).flatMap(({ items }) => items));
}

/** More than any tenant has. */
const maxPages = 1_000;

function nameOf(scripts: readonly ScriptSummary[]): (script: AnyScript) => string {
  const names = new Map(scripts.map(({ id, displayName, fileName }) => [idKey(id), displayName ?? fileName ?? id]));
  return ({ scriptId }) => names.get(idKey(scriptId)) ?? scriptId;
}
