import { visibleText } from './isolated.js';
import type { DeviceRunState } from './queries.js';

/** Whether a run state is a failure. */
export const isFailed = ({ runState }: Pick<DeviceRunState, 'runState'>): boolean =>
  runState === 'fail' || runState === 'scriptError';

const texts: Readonly<Record<string, string>> = {
  success: 'Succeeded',
  fail: 'Failed',
  scriptError: 'Script error',
  pending: 'Pending',
  notApplicable: 'Not applicable',
  unknown: 'Not known',
};

/** A run state in words. Values that Graph adds are shown as they are. */
export const runStateText = (runState: string | null): string =>
  texts[runState ?? 'unknown'] ?? visibleText(runState ?? '');

/** The message of a run state: the description of its error, and what the script printed. */
export const messageOf = ({ errorDescription, resultMessage }: DeviceRunState): string =>
  [errorDescription, resultMessage].filter(Boolean).join(': ');

/** The name of the device of a run state; the id of the state where Graph has no name. */
export const deviceNameOf = ({ id, device }: DeviceRunState): string => device?.deviceName || id;

/** The operating system of the device of a run state. */
export const systemOf = ({ device }: DeviceRunState): string =>
  [device?.operatingSystem, device?.osVersion].filter(Boolean).join(' ');

/** An error code as Intune and Windows write it: `127`, or `0x87D1FDE8` for a negative one. */
export const formatErrorCode = (code: number): string =>
  code >= 0 ? String(code) : `0x${(code >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
