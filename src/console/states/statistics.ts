import type { ScriptUserState } from '../queries.js';

/** The result of a script for one person, over all of their devices; `none` if no device has reported. */
export type PersonOutcome = 'succeeded' | 'mixed' | 'failed' | 'none';

/** The outcomes in words. */
export const outcomeLabels = {
  succeeded: 'All devices succeeded',
  mixed: 'Some failed',
  failed: 'All failed',
  none: 'No result',
} as const satisfies Readonly<Record<PersonOutcome, string>>;

/** Totals over the user states of one script. */
export interface Statistics {
  readonly people: number;
  readonly devicesSucceeded: number;
  readonly devicesFailed: number;
  /** The number of people by outcome. */
  readonly outcomes: Readonly<Record<PersonOutcome, number>>;
  /** The states with the most failed devices, highest first; only those with at least one. */
  readonly mostFailures: readonly ScriptUserState[];
}

/** The result of a script for one person. */
export function outcomeOf({ successDeviceCount, errorDeviceCount }: ScriptUserState): PersonOutcome {
  if (errorDeviceCount > 0) return successDeviceCount > 0 ? 'mixed' : 'failed';
  return successDeviceCount > 0 ? 'succeeded' : 'none';
}

/**
 * Computes the totals.
 *
 * @param topCount the maximum length of `mostFailures`
 */
export function statisticsOf(states: readonly ScriptUserState[], topCount: number): Statistics {
  const outcomes: Record<PersonOutcome, number> = { succeeded: 0, mixed: 0, failed: 0, none: 0 };
  let devicesSucceeded = 0;
  let devicesFailed = 0;
  for (const state of states) {
    outcomes[outcomeOf(state)] += 1;
    devicesSucceeded += state.successDeviceCount;
    devicesFailed += state.errorDeviceCount;
  }
  const mostFailures = states
    .filter(({ errorDeviceCount }) => errorDeviceCount > 0)
    // The sort is stable: ties keep Graph's order and do not move while pages arrive.
    .toSorted((a, b) => b.errorDeviceCount - a.errorDeviceCount)
    .slice(0, topCount);
  return { people: states.length, devicesSucceeded, devicesFailed, outcomes, mostFailures };
}
