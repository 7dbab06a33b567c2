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
import { formatNumber } from '../format.js';
import { Isolated } from '../isolated.js';
import type { ScriptUserState } from '../queries.js';
import { namesById, personOf } from './bulk-row.js';
import type { FailedRow } from './row-failure.js';

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

/** The downloaded file has all failures. */
const maxShownRows = 200;

interface FailuresTableProps {
  readonly failures: readonly FailedRow[];
  readonly known: readonly ScriptUserState[];
}

/** The failed rows with the reason, the next step, and the request ID. */
export function FailuresTable({ failures, known }: FailuresTableProps) {
  const styles = useStyles();
  const names = useMemo(() => namesById(known), [known]);
  const more = failures.length - maxShownRows;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable with the keyboard */}
      <section className={styles.scroller} aria-label="Failed rows" tabIndex={0}>
        <Table size="small" aria-label="Failed rows">
          <TableHeader>
            <TableRow>
              <TableHeaderCell>Person</TableHeaderCell>
              <TableHeaderCell>Reason</TableHeaderCell>
              <TableHeaderCell>Request ID</TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {failures.slice(0, maxShownRows).map(({ row, failure }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a person can occur several times, and rows never move
              <TableRow key={index}>
                <TableCell className={styles.cell}>
                  <Isolated>{personOf(row, names)}</Isolated>
                </TableCell>
                <TableCell className={styles.cell}>
                  <Text block weight="semibold">
                    {failure.title}
                  </Text>
                  {failure.next} <Isolated>{failure.detail ?? ''}</Isolated>
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
          The first {maxShownRows} rows are shown. “Download failures” includes {formatNumber(more)} more.
        </Text>
      )}
    </>
  );
}
