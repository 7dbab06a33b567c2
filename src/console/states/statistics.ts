import type { UserState } from '../queries.js';

/** How a script did for one person, over all of their devices. */
export type Outcome = 'succeeded' | 'mixed' | 'failed' | 'none';

/** What the user states of one script add up to. */
export interface Statistics {
  readonly people: number;
  readonly devicesSucceeded: number;
  readonly devicesFailed: number;
  /** How many people have which outcome. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Who has the most failed devices, the worst first; nobody without one. */
  readonly worst: readonly UserState[];
}

/** How a script did for one person; `none` as long as no device has reported. */
function outcomeOf({ successDeviceCount, errorDeviceCount }: UserState): Outcome {
  if (errorDeviceCount > 0) return successDeviceCount > 0 ? 'mixed' : 'failed';
  return successDeviceCount > 0 ? 'succeeded' : 'none';
}

/**
 * Adds up what is known so far.
 *
 * @param places how many of the worst are named
 */
export function statisticsOf(states: readonly UserState[], places: number): Statistics {
  const outcomes: Record<Outcome, number> = { succeeded: 0, mixed: 0, failed: 0, none: 0 };
  let devicesSucceeded = 0;
  let devicesFailed = 0;
  for (const state of states) {
    outcomes[outcomeOf(state)] += 1;
    devicesSucceeded += state.successDeviceCount;
    devicesFailed += state.errorDeviceCount;
  }
  const worst = states
    .filter(({ errorDeviceCount }) => errorDeviceCount > 0)
    // Sorting is stable: who fails alike stays in the order of Graph, so that nothing jumps as pages come in.
    .toSorted((a, b) => b.errorDeviceCount - a.errorDeviceCount)
    .slice(0, places);
  return { people: states.length, devicesSucceeded, devicesFailed, outcomes, worst };
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

/** A count that fits: in full below ten thousand, then as 12.3K, 6.4T. */
export const shortCount = (count: number): string =>
  count < 10_000 ? count.toLocaleString('en') : compact.format(count);

/** A part of a whole in percent. What is not nothing never reads 0%, what is not all never reads 100%. */
export function shareText(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return percent.format(0);
  const share = part / whole;
  if (share < 0.01) return `<${percent.format(0.01)}`;
  if (share > 0.99 && share < 1) return `>${percent.format(0.99)}`;
  return percent.format(share);
}
