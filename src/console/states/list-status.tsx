import { Button, Caption1, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import { ArrowSyncRegular } from '@fluentui/react-icons';
import { Announcement } from '../announcement.js';
import { formatNumber, formatTime, pluralize } from '../format.js';

const useStyles = makeStyles({
  status: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  texts: { display: 'flex', flexDirection: 'column', color: tokens.colorNeutralForeground3 },
});

interface ListStatusProps {
  readonly total: number;
  /** The number of people that match the filters. */
  readonly shown: number;
  readonly complete: boolean;
  readonly fetching: boolean;
  readonly asOf: Date;
  readonly onRefresh: () => void;
}

/** The number of people, and when the list was refreshed. */
export function ListStatus({ total, shown, complete, fetching, asOf, onRefresh }: ListStatusProps) {
  const styles = useStyles();
  const people = `${pluralize(total, 'person', 'people')}${complete ? '' : ' so far'}`;
  const count = shown === total ? people : `${formatNumber(shown)} of ${people}`;
  const refreshed = `Last refreshed at ${formatTime(asOf)}`;
  return (
    <div className={styles.status}>
      <div className={styles.texts}>
        <Text size={200}>{count}</Text>
        <Caption1>{fetching ? 'Loading…' : refreshed}</Caption1>
      </div>
      <Button
        appearance="subtle"
        icon={fetching ? <Spinner size="extra-tiny" aria-label="Loading" /> : <ArrowSyncRegular />}
        aria-label="Refresh"
        title="Refresh"
        onClick={onRefresh}
        disabledFocusable={fetching}
      />
      <Announcement text={fetching ? `Loading: ${count}` : `${count}. ${refreshed}.`} inProgress={fetching} />
    </div>
  );
}
