import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { idKey } from '../ids.js';
import {
  type ListedState,
  type ScriptKind,
  type ScriptSummary,
  scriptOverviewQuery,
  scriptsQuery,
} from '../queries.js';
import { scriptName } from '../script-name.js';
import { useAllPages } from '../use-all-pages.js';

interface AnyScript {
  readonly scriptKind: string;
  readonly scriptId: string;
}

/** The names of the scripts: fetches the lists of the kinds that occur. @returns the name of a script, or its id */
export function useScriptNames(scripts: readonly AnyScript[]): (script: AnyScript) => string {
  const kinds = new Set(scripts.map(({ scriptKind }) => scriptKind));
  const windows = useScriptList('deviceManagementScript', kinds);
  const shell = useScriptList('deviceShellScript', kinds);
  const attributes = useScriptList('deviceCustomAttributeShellScript', kinds);
  return useMemo(() => nameOf([...windows, ...shell, ...attributes]), [windows, shell, attributes]);
}

const none: readonly ScriptSummary[] = [];

/** The scripts of a kind that occurs, from the overview if the page has fetched it. */
function useScriptList(kind: ScriptKind, kinds: ReadonlySet<string>): readonly ScriptSummary[] {
  const { data: overview } = useInfiniteQuery({ ...scriptOverviewQuery(kind), enabled: false });
  const { items } = useAllPages({ ...scriptsQuery(kind), enabled: kinds.has(kind) && overview === undefined });
  return overview?.items ?? items ?? none;
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
  const names = new Map(scripts.map((script) => [idKey(script.id), scriptName(script)]));
  return ({ scriptId }) => names.get(idKey(scriptId)) ?? scriptId;
}
