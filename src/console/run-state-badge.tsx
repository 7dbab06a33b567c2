import { Badge } from '@fluentui/react-components';
import type { DeviceRunState } from './queries.js';
import { runStateText } from './run-state.js';

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
