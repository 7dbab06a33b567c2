import { Caption1, makeStyles, Text, tokens } from '@fluentui/react-components';
import { formatDate } from '../format.js';
import { Isolated } from '../isolated.js';

const useStyles = makeStyles({
  text: { overflowWrap: 'anywhere' },
  details: { color: tokens.colorNeutralForeground3 },
  id: { fontFamily: tokens.fontFamilyMonospace },
});

interface Device {
  readonly deviceName: string | null;
  readonly operatingSystem: string | null;
  readonly osVersion: string | null;
  readonly lastSyncDateTime: string | null;
}

interface DeviceCellProps {
  readonly state: { readonly id: string; readonly device: Device | null };
}

/**
 * The device of a run state: its name, system and last check-in where Graph has them, otherwise the id of the state.
 */
export function DeviceCell({ state: { id, device } }: DeviceCellProps) {
  const styles = useStyles();
  const system = [device?.operatingSystem, device?.osVersion].filter(Boolean).join(' ');
  const checkIn = formatDate(device?.lastSyncDateTime ?? null);
  const details = [system, checkIn !== '–' && `checked in ${checkIn}`].filter(Boolean);
  return (
    <div className={styles.text}>
      {device?.deviceName ? (
        <Text block>
          <Isolated>{device.deviceName}</Isolated>
        </Text>
      ) : (
        <Caption1 className={styles.id}>{id}</Caption1>
      )}
      {details.length > 0 && (
        <Caption1 block className={styles.details}>
          <Isolated>{details.join(' · ')}</Isolated>
        </Caption1>
      )}
    </div>
  );
}
