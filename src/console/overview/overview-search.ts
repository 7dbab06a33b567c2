import { scriptKinds } from '../script-kinds.js';
import { choiceParameter, definedFields, flagParameter, type RawSearch, textParameter } from '../search-state.js';

/** The result of a script over all people; `unknown` if Graph has no summary of it. */
export const scriptOutcomes = ['failing', 'succeeding', 'none', 'unknown'] as const;
export type ScriptOutcome = (typeof scriptOutcomes)[number];

/** The columns of the table of scripts; each can be sorted by. */
export const overviewColumns = [
  'script',
  'kind',
  'peopleFailed',
  'peopleSucceeded',
  'devicesFailed',
  'devicesSucceeded',
  'failureRate',
  'changed',
] as const;
export type OverviewColumn = (typeof overviewColumns)[number];

/** Validates the search parameters of the overview. */
export const validateOverviewSearch = (search: RawSearch) =>
  definedFields({
    find: textParameter(search['find']),
    kind: choiceParameter(search['kind'], scriptKinds),
    outcome: choiceParameter(search['outcome'], scriptOutcomes),
    sort: choiceParameter(search['sort'], overviewColumns),
    ascending: flagParameter(search['ascending']),
  });
