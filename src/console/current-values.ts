import { formatNumber } from './format.js';
import type { ScriptUserState } from './queries.js';

/** The values that Microsoft Graph has, as a sentence. */
export function currentValuesText({ successDeviceCount, errorDeviceCount }: ScriptUserState): string {
  return `Microsoft Graph has ${formatNumber(successDeviceCount)} succeeded and ${formatNumber(errorDeviceCount)} failed.`;
}
