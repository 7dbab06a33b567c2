import type { Address, Column } from '../address.js';
import type { UserState } from '../queries.js';

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

type Choice = Pick<Address, 'find' | 'errors' | 'sort' | 'ascending'>;

/** The states that are asked for, in the order that is asked for; among equals by name. */
export function shownStates(
  states: readonly UserState[],
  { find, errors, sort, ascending }: Choice,
): readonly UserState[] {
  const wanted = find.trim().toLowerCase();
  const direction = ascending ? 1 : -1;
  return states
    .filter((state) => !errors || state.errorDeviceCount > 0)
    .filter((state) => wanted === '' || nameOf(state).toLowerCase().includes(wanted))
    .toSorted((a, b) => direction * orders[sort](a, b) || byName(a, b));
}
