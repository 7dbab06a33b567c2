import { displayName } from '../display-name.js';
import type { LocalChange, LocalChanges } from '../local-changes.js';
import type { ListedState, ScriptRef, ScriptUserState } from '../queries.js';
import type { SortColumn, UrlState } from '../url-state.js';

/** The share of a person's devices on which the script failed, 0 to 1; -1 if no device has reported a result. */
export function failureRate({ successDeviceCount, errorDeviceCount }: ScriptUserState): number {
  const devices = successDeviceCount + errorDeviceCount;
  return devices > 0 ? errorDeviceCount / devices : -1;
}

/** Faster than `localeCompare`, which looks up the locale at each call. */
const { compare } = new Intl.Collator();
const byName = (a: ScriptUserState, b: ScriptUserState) => compare(displayName(a), displayName(b));

const comparators: Record<SortColumn, (a: ScriptUserState, b: ScriptUserState) => number> = {
  person: byName,
  succeeded: (a, b) => a.successDeviceCount - b.successDeviceCount,
  failed: (a, b) => a.errorDeviceCount - b.errorDeviceCount,
  failureRate: (a, b) => failureRate(a) - failureRate(b),
};

/** A user state as the table shows it, with the status of a change made on this page. */
export interface VisibleState extends ScriptUserState {
  readonly status?: LocalChange['status'] | 'awaitingApproval';
}

/** Applies the local changes to fetched states. Entries older than the fetched state are ignored. */
export function applyLocalChanges(
  listed: readonly ListedState[],
  script: ScriptRef,
  localChanges: LocalChanges,
): readonly VisibleState[] {
  return listed.map(({ state, requestedAt }) => {
    const entry = localChanges.get({ ...script, userStateId: state.id });
    if (entry === undefined) return state;
    const isNewer = entry.updatedAt > requestedAt;
    const status = (isNewer ? entry.status : undefined) ?? (entry.awaitingApproval && 'awaitingApproval');
    return { ...((isNewer && entry.values) || state), ...(status !== undefined && { status }) };
  });
}

/** The states, sorted by a column and then by name. */
export function sortStates(
  states: readonly VisibleState[],
  { sort, ascending }: Pick<UrlState, 'sort' | 'ascending'>,
): readonly VisibleState[] {
  const direction = ascending ? 1 : -1;
  return states.toSorted((a, b) => direction * comparators[sort](a, b) || byName(a, b));
}

/** The states whose name contains a text. */
export function findStates(states: readonly VisibleState[], find: string): readonly VisibleState[] {
  const search = find.trim().toLowerCase();
  return search === '' ? states : states.filter((state) => displayName(state).toLowerCase().includes(search));
}
