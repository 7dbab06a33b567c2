import { Badge, makeStyles } from '@fluentui/react-components';
import type { DeviceRunState } from './queries.js';
import { runStateText } from './run-state.js';

// A badge has the height of one line.
const useStyles = makeStyles({ badge: { whiteSpace: 'nowrap' } });

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
    <Badge className={useStyles().badge} appearance="tint" color={colors[runState ?? ''] ?? 'subtle'}>
      {runStateText(runState)}
    </Badge>
  );
}
