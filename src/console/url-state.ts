import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import type { ScriptKind } from './queries.js';

/** The script kinds with their display names and platforms, as Intune's admin center shows them. */
export const scriptKindTabs = [
  ['deviceManagementScript', 'PowerShell', 'Windows'],
  ['deviceShellScript', 'Shell', 'macOS and Linux'],
  ['deviceCustomAttributeShellScript', 'Custom attributes', 'macOS'],
] as const satisfies readonly (readonly [ScriptKind, string, string])[];

/** The columns of the state table; each can be sorted by. */
export const sortColumns = ['person', 'succeeded', 'failed', 'failureRate'] as const;
export type SortColumn = (typeof sortColumns)[number];

/** The outcomes by which people can be filtered. The last two are of changes made on this page. */
export const outcomeFilters = ['failed', 'succeeded', 'none', 'approval', 'unknown'] as const;
export type OutcomeFilter = (typeof outcomeFilters)[number];

const parsers = {
  kind: parseAsStringLiteral(scriptKindTabs.map(([kind]) => kind)).withDefault('deviceManagementScript'),
  script: parseAsString,
  /** The id of the user state whose devices are shown. */
  state: parseAsString,
  find: parseAsString.withDefault(''),
  /** The address of `outcome=failed` in links from before there were other outcomes. */
  errors: parseAsBoolean.withDefault(false),
  outcome: parseAsStringLiteral(outcomeFilters),
  sort: parseAsStringLiteral(sortColumns).withDefault('failed'),
  ascending: parseAsBoolean.withDefault(false),
};

/** View state in the query string: it can be shared as a link and is restored after a sign-in. */
export const useUrlState = () => useQueryStates(parsers);
export type UrlState = ReturnType<typeof useUrlState>[0];
