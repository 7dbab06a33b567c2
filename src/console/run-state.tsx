import { Badge } from '@fluentui/react-components';
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

/** The badge color of Graph's run states. */
const colors: Readonly<Record<string, 'success' | 'danger' | 'warning'>> = {
  success: 'success',
  fail: 'danger',
  scriptError: 'danger',
  pending: 'warning',
};

/** A run state as a badge. */
export function RunState({ runState }: Pick<DeviceRunState, 'runState'>) {
  return (
    <Badge appearance="tint" color={colors[runState ?? ''] ?? 'subtle'}>
      {runStateText(runState)}
    </Badge>
  );
}
