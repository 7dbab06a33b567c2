import {
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useMemo } from 'react';
import type { UserState } from '../queries.js';
import { type FailedRow, namesOf, personOf } from './rows.js';

const useStyles = makeStyles({
  scroller: { maxHeight: '40vh', minHeight: '120px', overflow: 'auto', flexShrink: 0 },
  cell: {
    height: 'auto',
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere',
    verticalAlign: 'top',
  },
  id: { fontFamily: tokens.fontFamilyMonospace },
});

/** Nobody reads more of them here; the file has all. */
const mostShown = 200;

interface FailuresTableProps {
  readonly failures: readonly FailedRow[];
  readonly known: readonly UserState[];
}

/** The rows that are not known to be changed, each with why, what to do, and what the operators ask for. */
export function FailuresTable({ failures, known }: FailuresTableProps) {
  const styles = useStyles();
  const names = useMemo(() => namesOf(known), [known]);
  const more = failures.length - mostShown;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be scrolled with keys, too */}
      <section className={styles.scroller} aria-label="Rows that are not changed" tabIndex={0}>
        <Table size="small" aria-label="Rows that are not changed">
          <TableHeader>
            <TableRow>
              <TableHeaderCell>Person</TableHeaderCell>
              <TableHeaderCell>What happened</TableHeaderCell>
              <TableHeaderCell>Request id</TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {failures.slice(0, mostShown).map(({ row, failure }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one person can be in many rows, and rows stay in place
              <TableRow key={index}>
                <TableCell className={styles.cell}>{personOf(row, names)}</TableCell>
                <TableCell className={styles.cell}>
                  <Text block weight="semibold">
                    {failure.title}
                  </Text>
                  {failure.next} {failure.detail}
                  {failure.approvalCode !== undefined && (
                    <Text block>
                      Approval code: <span className={styles.id}>{failure.approvalCode}</span>
                    </Text>
                  )}
                </TableCell>
                <TableCell className={styles.cell}>
                  <span className={styles.id}>{failure.requestId ?? '–'}</span>
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </section>
      {more > 0 && (
        <Text>
          These are the first {mostShown}. {more.toLocaleString('en')} more are in the file of “Download failures”.
        </Text>
      )}
    </>
  );
}
