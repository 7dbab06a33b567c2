import {
  Badge,
  Button,
  makeStyles,
  Switch,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { WarningRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { patchColumns } from '../csv/csv-format.js';
import { formatNumber } from '../format.js';
import { Isolated } from '../isolated.js';
import { fieldLabels } from '../validation.js';
import type { PlannedUpdate } from './import-plan.js';

const useStyles = makeStyles({
  scroller: { maxHeight: '45vh', minHeight: '120px', overflow: 'auto', flexShrink: 0 },
  cell: {
    height: 'auto',
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere',
    verticalAlign: 'top',
  },
  person: { width: '40%' },
  lines: { color: tokens.colorNeutralForeground3 },
  warning: { display: 'flex', gap: tokens.spacingHorizontalXS },
  icon: { flexShrink: 0, marginTop: '2px', color: tokens.colorStatusWarningForeground1 },
});

/** The number of rows that are shown at first, and that each press of the button adds. */
const shownRows = 200;

/** The people of an import, with their values before and after, and warnings. */
export function PlannedUpdates({ updates }: { readonly updates: readonly PlannedUpdate[] }) {
  const styles = useStyles();
  const [shown, setShown] = useState(shownRows);
  const [onlyWarnings, setOnlyWarnings] = useState(false);
  const warned = updates.filter(({ warnings }) => warnings.length > 0);
  const visible = onlyWarnings ? warned : updates;
  const more = visible.length - shown;
  return (
    <>
      {warned.length > 0 && (
        <Switch
          label={`Only with warnings (${formatNumber(warned.length)})`}
          checked={onlyWarnings}
          onChange={(_event, { checked }) => setOnlyWarnings(checked)}
        />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable with the keyboard */}
      <section className={styles.scroller} aria-label="Changes" tabIndex={0}>
        <Table size="small" aria-label="Changes">
          <TableHeader>
            <TableRow>
              <TableHeaderCell className={styles.person}>Person</TableHeaderCell>
              <TableHeaderCell>Before and after</TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {visible.slice(0, shown).map((update) => (
              <TableRow key={Object.values(update.target).join(' ')}>
                <TableCell className={styles.cell}>
                  <Isolated>{nameOf(update)}</Isolated>
                  <Text block size={200} className={styles.lines}>
                    {update.lines.length === 1 ? 'Line' : 'Lines'}{' '}
                    {update.lines.map((line) => formatNumber(line)).join(', ')}
                  </Text>
                </TableCell>
                <TableCell className={styles.cell}>
                  {update.leftOut ? (
                    <Badge appearance="tint" color="warning">
                      Not sent
                    </Badge>
                  ) : (
                    <Changes update={update} />
                  )}
                  {update.warnings.map((warning) => (
                    <Text key={warning} block size={200} className={styles.warning}>
                      <WarningRegular className={styles.icon} aria-label="Warning" />
                      <Isolated>{warning}</Isolated>
                    </Text>
                  ))}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        {more > 0 && (
          <Button appearance="transparent" onClick={() => setShown(shown + shownRows)}>
            Show more ({formatNumber(more)} left)
          </Button>
        )}
      </section>
    </>
  );
}

/** Each changed value: `Devices failed: 2 → 5`. */
function Changes({ update: { before, patch } }: { readonly update: PlannedUpdate }) {
  return patchColumns
    .filter((column) => column in patch)
    .map((column) => (
      <div key={column}>
        {fieldLabels[column]}: <Isolated>{before === undefined ? 'not known' : valueText(before[column])}</Isolated>{' '}
        <span role="img" aria-label="becomes">
          →
        </span>{' '}
        <Text weight="semibold">
          <Isolated>{valueText(patch[column])}</Isolated>
        </Text>
      </div>
    ));
}

function valueText(value: string | number | null | undefined): string {
  if (typeof value === 'number') return formatNumber(value);
  return value ?? 'none';
}

const nameOf = ({ target, before }: PlannedUpdate): string => before?.userPrincipalName ?? target.userStateId;
