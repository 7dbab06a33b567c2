import type { ScriptKind, ScriptOverview } from '../queries.js';
import { scriptName } from '../script-name.js';
import type { ScriptOutcome } from './overview-search.js';

/** A script of the overview. */
export interface OverviewScript extends ScriptOverview {
  readonly scriptKind: ScriptKind;
}

/** The result of a script. A script without a summary is never counted as one without failures. */
export function scriptOutcome({ summary }: ScriptOverview): ScriptOutcome {
  if (summary === null) return 'unknown';
  if (summary.errorDeviceCount > 0 || summary.errorUserCount > 0) return 'failing';
  return summary.successDeviceCount > 0 || summary.successUserCount > 0 ? 'succeeding' : 'none';
}

/** The share of the devices on which a script failed, 0 to 1; undefined if it is not known or no device has reported. */
export function deviceFailureRate({ summary }: ScriptOverview): number | undefined {
  if (summary === null) return undefined;
  const total = summary.errorDeviceCount + summary.successDeviceCount;
  return total > 0 ? summary.errorDeviceCount / total : undefined;
}

const byName = (a: OverviewScript, b: OverviewScript) => scriptName(a).localeCompare(scriptName(b));

/** Scripts by the number of failed devices, then of people with failures, then by name. */
const byFailures = (a: OverviewScript, b: OverviewScript): number =>
  (b.summary?.errorDeviceCount ?? -1) - (a.summary?.errorDeviceCount ?? -1) ||
  (b.summary?.errorUserCount ?? -1) - (a.summary?.errorUserCount ?? -1) ||
  byName(a, b);

/** The totals of all scripts. */
export interface OverviewStatistics {
  readonly scripts: number;
  /** The number of scripts by outcome. */
  readonly outcomes: Readonly<Record<ScriptOutcome, number>>;
  /** Failed devices, summed over the scripts: a device counts once for each script that failed on it. */
  readonly devicesFailed: number;
  /** The same of people. */
  readonly peopleFailed: number;
  /** The failing scripts, most failures first. */
  readonly worst: readonly OverviewScript[];
}

/**
 * Computes the totals.
 *
 * @param worstCount the maximum length of `worst`
 */
export function overviewStatistics(scripts: readonly OverviewScript[], worstCount: number): OverviewStatistics {
  const outcomes: Record<ScriptOutcome, number> = { failing: 0, succeeding: 0, none: 0, unknown: 0 };
  let devicesFailed = 0;
  let peopleFailed = 0;
  for (const script of scripts) {
    outcomes[scriptOutcome(script)] += 1;
    devicesFailed += script.summary?.errorDeviceCount ?? 0;
    peopleFailed += script.summary?.errorUserCount ?? 0;
  }
  const worst = scripts
    .filter((script) => scriptOutcome(script) === 'failing')
    .toSorted(byFailures)
    .slice(0, worstCount);
  return { scripts: scripts.length, outcomes, devicesFailed, peopleFailed, worst };
}
