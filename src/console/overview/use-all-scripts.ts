import { useMemo } from 'react';
import { scriptOverviewQuery } from '../queries.js';
import { useAllPages } from '../use-all-pages.js';
import type { OverviewScript } from './script-outcome.js';

/** The scripts of all kinds with their summaries, page by page. */
export function useAllScripts() {
  const powerShell = useAllPages(scriptOverviewQuery('deviceManagementScript'));
  const shell = useAllPages(scriptOverviewQuery('deviceShellScript'));
  const attributes = useAllPages(scriptOverviewQuery('deviceCustomAttributeShellScript'));
  const lists = [powerShell, shell, attributes];
  const scripts = useMemo(() => {
    if (!powerShell.items && !shell.items && !attributes.items) return undefined;
    return [
      ...(powerShell.items ?? []).map((each): OverviewScript => ({ ...each, scriptKind: 'deviceManagementScript' })),
      ...(shell.items ?? []).map((each): OverviewScript => ({ ...each, scriptKind: 'deviceShellScript' })),
      ...(attributes.items ?? []).map(
        (each): OverviewScript => ({ ...each, scriptKind: 'deviceCustomAttributeShellScript' }),
      ),
    ];
  }, [powerShell.items, shell.items, attributes.items]);
  const failed = lists.filter(({ failure }) => failure !== undefined);
  return {
    scripts,
    unreadable: lists.reduce((total, { unreadable }) => total + unreadable, 0),
    complete: lists.every(({ complete }) => complete),
    fetching: lists.some(({ fetching }) => fetching),
    /** When the oldest of the lists was received. */
    asOf: new Date(Math.min(...lists.map(({ asOf }) => asOf.getTime()))),
    failure: failed[0]?.failure,
    refresh: () => {
      for (const list of lists) list.refresh();
    },
    /** Refetches, or resumes, the lists that failed. */
    retry: () => {
      for (const list of failed) list.refresh();
    },
  };
}
