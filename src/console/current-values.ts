import type { RouterOutputs } from '../client/index.js';
import { formatNumber } from './format.js';

type Counts = Pick<RouterOutputs['scriptUserState']['get'], 'successDeviceCount' | 'errorDeviceCount'>;

/** The values that Microsoft Graph has, as a sentence. */
export function currentValuesText({ successDeviceCount, errorDeviceCount }: Counts): string {
  return `Microsoft Graph has ${formatNumber(successDeviceCount)} succeeded and ${formatNumber(errorDeviceCount)} failed.`;
}
