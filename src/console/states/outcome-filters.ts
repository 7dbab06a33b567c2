import type { OutcomeFilter, UrlState } from '../url-state.js';
import type { VisibleState } from './visible-states.js';

/** The badges of people with a change made on this page. */
export const statusTexts = {
  saving: 'saving',
  unknown: 'outcome unknown',
  awaitingApproval: 'waiting for approval',
} as const satisfies Record<NonNullable<VisibleState['status']>, string>;

/** The titles of the filters. */
export const outcomeTitles = {
  failed: 'With failures',
  succeeded: 'Only succeeded',
  none: 'No result',
  approval: 'Waiting for approval',
  unknown: 'Outcome unknown',
} as const satisfies Record<OutcomeFilter, string>;

/** What an empty table says, where the filter needs an explanation. */
const emptyTexts: Partial<Record<OutcomeFilter, string>> = {
  approval: 'No change that you made on this page is waiting for approval.',
  unknown: 'No change that you made on this page has an unknown outcome.',
};

/** What the table says if no people match a filter, and the search if there is one. */
export const emptyText = (filter: OutcomeFilter | null, search: string, complete: boolean): string =>
  (search === '' && filter !== null && emptyTexts[filter]) ||
  `No people match your filters${complete ? '' : ' so far'}.`;

/** Whether a person passes each filter. */
const matchers: Readonly<Record<OutcomeFilter, (state: VisibleState) => boolean>> = {
  failed: ({ errorDeviceCount }) => errorDeviceCount > 0,
  succeeded: ({ errorDeviceCount, successDeviceCount }) => errorDeviceCount === 0 && successDeviceCount > 0,
  none: ({ errorDeviceCount, successDeviceCount }) => errorDeviceCount === 0 && successDeviceCount === 0,
  approval: ({ status }) => status === 'awaitingApproval',
  unknown: ({ status }) => status === 'unknown',
};

/** The filter in the address. */
export const outcomeFilterOf = ({ errors, outcome }: Pick<UrlState, 'errors' | 'outcome'>): OutcomeFilter | null =>
  errors ? 'failed' : outcome;

/** The address of a filter. */
export const addressOfOutcome = (filter: OutcomeFilter | null) => ({
  errors: filter === 'failed' || null,
  outcome: filter === 'failed' ? null : filter,
});

/** The people that pass a filter. */
export const filterByOutcome = (
  states: readonly VisibleState[],
  filter: OutcomeFilter | null,
): readonly VisibleState[] => (filter === null ? states : states.filter(matchers[filter]));
