import { useInfiniteQuery } from '@tanstack/react-query';
import { isSameId } from './ids.js';
import { type ScriptRef, type ScriptSummary, scriptOverviewQuery, scriptsQuery } from './queries.js';
import { useAllPages } from './use-all-pages.js';

/** The properties of a script, from the list that is there already; undefined until they are known. */
export function useScript({ scriptKind, scriptId }: ScriptRef): ScriptSummary | undefined {
  const overview = useInfiniteQuery({ ...scriptOverviewQuery(scriptKind), enabled: false });
  const isScript = ({ id }: ScriptSummary) => isSameId(id, scriptId);
  const known = overview.data?.items.find(isScript);
  const list = useAllPages({ ...scriptsQuery(scriptKind), enabled: known === undefined });
  return known ?? list.items?.find(isScript);
}
