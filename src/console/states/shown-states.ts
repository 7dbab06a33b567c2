import type { Mark, Marks } from '../overlay/local-overlay.js';
import type { ListedState, Script, UserState } from '../queries.js';
import type { Address, Column } from '../url-state.js';

/** What a person is called, wherever they are shown. */
export const nameOf = ({ userPrincipalName, id }: UserState): string => userPrincipalName ?? `(no name) ${id}`;

/** The part of a person's devices on which the script failed, 0 to 1; -1 when there is no result at all. */
export function failedShare({ successDeviceCount, errorDeviceCount }: UserState): number {
  const devices = successDeviceCount + errorDeviceCount;
  return devices > 0 ? errorDeviceCount / devices : -1;
}

const byName = (a: UserState, b: UserState) => nameOf(a).localeCompare(nameOf(b));

const orders: Record<Column, (a: UserState, b: UserState) => number> = {
  person: byName,
  succeeded: (a, b) => a.successDeviceCount - b.successDeviceCount,
  failed: (a, b) => a.errorDeviceCount - b.errorDeviceCount,
  share: (a, b) => failedShare(a) - failedShare(b),
};

/** A user state as the table shows it. */
export interface ShownState extends UserState {
  readonly note?: Mark['note'] | 'waiting';
}

/** A list with the marks that lie over it, but for those that are older than what was fetched. */
export function withMarks(listed: readonly ListedState[], script: Script, marks: Marks): readonly ShownState[] {
  return listed.map(({ state, askedAt }) => {
    const mark = marks.of({ ...script, userStateId: state.id });
    if (mark === undefined) return state;
    const isNewer = mark.at > askedAt;
    const note = (isNewer ? mark.note : undefined) ?? (mark.waiting && 'waiting');
    return { ...((isNewer && mark.shown) || state), ...(note !== undefined && { note }) };
  });
}

type Choice = Pick<Address, 'find' | 'errors' | 'sort' | 'ascending'>;

/** The states that are asked for, in the order that is asked for; among equals by name. */
export function shownStates(
  states: readonly ShownState[],
  { find, errors, sort, ascending }: Choice,
): readonly ShownState[] {
  const wanted = find.trim().toLowerCase();
  const direction = ascending ? 1 : -1;
  return states
    .filter((state) => !errors || state.errorDeviceCount > 0)
    .filter((state) => wanted === '' || nameOf(state).toLowerCase().includes(wanted))
    .toSorted((a, b) => direction * orders[sort](a, b) || byName(a, b));
}
