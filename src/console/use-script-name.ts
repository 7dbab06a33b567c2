import { useInfiniteQuery } from '@tanstack/react-query';
import { isSameId } from './ids.js';
import { type ScriptRef, scriptsQuery } from './queries.js';

/** The name of a script, from the list that the page has fetched; otherwise its id. */
export function useScriptName({ scriptKind, scriptId }: ScriptRef): string {
  const { data } = useInfiniteQuery({ ...scriptsQuery(scriptKind), enabled: false });
  const script = data?.items.find(({ id }) => isSameId(id, scriptId));
  return script?.displayName ?? script?.fileName ?? scriptId;
}
