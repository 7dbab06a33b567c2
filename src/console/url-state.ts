import {
  choiceParameter,
  definedFields,
  flagParameter,
  type RawSearch,
  textParameter,
  useSearchState,
} from './search-state.js';

/** The views of a script. */
export const scriptViews = ['people', 'devices', 'errors'] as const;
export type ScriptView = (typeof scriptViews)[number];

/** The columns of the state table; each can be sorted by. */
export const sortColumns = ['person', 'succeeded', 'failed', 'failureRate'] as const;
export type SortColumn = (typeof sortColumns)[number];

/** The outcomes by which people can be filtered. The last two are of changes made on this page. */
export const outcomeFilters = ['failed', 'succeeded', 'none', 'approval', 'unknown'] as const;
export type OutcomeFilter = (typeof outcomeFilters)[number];

/** Validates the search parameters of a script. Omits defaults. */
export const validateScriptSearch = (search: RawSearch) =>
  definedFields({
    view: choiceParameter(search['view'], ['devices', 'errors'] as const),
    /** The id of the user state whose devices are shown. */
    state: textParameter(search['state']),
    find: textParameter(search['find']),
    /** The outcome `failed`, as older links contain it. */
    errors: flagParameter(search['errors']),
    outcome: choiceParameter(search['outcome'], ['succeeded', 'none', 'approval', 'unknown'] as const),
    /** The key of the group of failures that is open. */
    group: textParameter(search['group']),
    sort: choiceParameter(search['sort'], ['person', 'succeeded', 'failureRate'] as const),
    ascending: flagParameter(search['ascending']),
  });

const defaults = {
  view: 'people',
  state: null,
  group: null,
  find: '',
  errors: false,
  outcome: null,
  sort: 'failed',
  ascending: false,
} as const;

/** The state of the views of a script, which is in the address. */
export interface UrlState {
  readonly view: ScriptView;
  readonly state: string | null;
  readonly group: string | null;
  readonly find: string;
  readonly errors: boolean;
  readonly outcome: OutcomeFilter | null;
  readonly sort: SortColumn;
  readonly ascending: boolean;
}

/** View state in the query string. Setting a field to `null` resets it to its default. */
export function useUrlState() {
  const [search, set] = useSearchState(validateScriptSearch);
  return [{ ...defaults, ...search } satisfies UrlState as UrlState, set] as const;
}
