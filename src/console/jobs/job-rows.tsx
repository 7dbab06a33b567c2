import { makeStyles, Spinner, Text, ToggleButton, tokens } from '@fluentui/react-components';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { failureOf } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { formatNumber } from '../format.js';
import { Isolated } from '../isolated.js';
import { type Job, type JobRow, jobRowsQuery, type RowOutcome } from './job-queries.js';
import { isActive, outcomeOrder, outcomeTexts } from './job-state.js';
import { OutcomeBadge } from './outcome-badge.js';
import { changeText, failureOfRow, personOf } from './row-text.js';
import { usePersonNames, useScriptNames } from './use-names.js';

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  scroll: {
    overflow: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    minHeight: '88px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  list: { position: 'relative', margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    overflowWrap: 'anywhere',
  },
  line: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: `0 ${tokens.spacingHorizontalS}` },
  script: { color: tokens.colorNeutralForeground3 },
  id: { fontFamily: tokens.fontFamilyMonospace, color: tokens.colorNeutralForeground3 },
  empty: { padding: tokens.spacingVerticalM },
});

/** The outcomes that are shown first when the job has stopped. */
const problems = ['rejected', 'unknown', 'pending-approval'] as const;

interface JobRowsProps {
  readonly job: Job;
  /** The largest height of the list, as CSS. */
  readonly maxHeight: string;
}

/** The rows of a job with their results, filtered by outcome. Scrolling to the end fetches the next page. */
export function JobRows({ job, maxHeight }: JobRowsProps) {
  const styles = useStyles();
  const [chosen, setChosen] = useState<RowOutcome | 'all'>();
  const problem = isActive(job) ? undefined : problems.find((outcome) => job.counts[outcome] > 0);
  const filter = chosen ?? problem ?? 'all';
  const outcomes = outcomeOrder.filter((outcome) => job.counts[outcome] > 0 || outcome === filter);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would need a visible legend */}
      <div role="group" aria-label="Rows by outcome" className={styles.filters}>
        <ToggleButton size="small" checked={filter === 'all'} onClick={() => setChosen('all')}>
          All ({formatNumber(job.total)})
        </ToggleButton>
        {outcomes.map((outcome) => (
          <ToggleButton key={outcome} size="small" checked={filter === outcome} onClick={() => setChosen(outcome)}>
            {outcomeTexts[outcome]} ({formatNumber(job.counts[outcome])})
          </ToggleButton>
        ))}
      </div>
      <RowList key={`${job.jobId} ${filter}`} job={job} filter={filter} maxHeight={maxHeight} />
    </>
  );
}

/** The height of a row before it is measured, in pixels. */
const estimatedRowPx = 72;

function RowList({ job, filter, maxHeight }: JobRowsProps & { readonly filter: RowOutcome | 'all' }) {
  const styles = useStyles();
  const scroll = useRef<HTMLElement>(null);
  const query = useInfiniteQuery(jobRowsQuery(job.jobId, filter === 'all' ? undefined : filter));
  const { data: rows = [], hasNextPage, isFetching, fetchNextPage, error } = query;
  const scriptName = useScriptNames(rows);
  const personNames = usePersonNames();
  const scripts = new Set(rows.map(({ scriptId }) => scriptId)).size;
  const total = filter === 'all' ? job.total : job.counts[filter];
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => estimatedRowPx,
    getItemKey: (index) => rows[index]?.index ?? index,
    overscan: 8,
  });
  const items = virtualizer.getVirtualItems();
  const isAtEnd = (items.at(-1)?.index ?? 0) >= rows.length - 20;
  useEffect(() => {
    if (isAtEnd && hasNextPage && !isFetching && error === null) void fetchNextPage();
  }, [isAtEnd, hasNextPage, isFetching, error, fetchNextPage]);

  if (error !== null && rows.length === 0) return <FailureNotice failure={failureOf(error)} />;
  if (query.isPending) return <Spinner size="tiny" label="Loading rows" />;
  if (rows.length === 0) return <Text className={styles.empty}>No rows.</Text>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable with the keyboard
    <section ref={scroll} aria-label="Rows" tabIndex={0} className={styles.scroll} style={{ maxHeight }}>
      <ul className={styles.list} style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ key, index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <li
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              aria-setsize={total}
              aria-posinset={index + 1}
              className={styles.row}
              style={{ transform: `translateY(${start}px)` }}
            >
              <div className={styles.line}>
                <Text weight="semibold">
                  <Isolated>{personOf(row, personNames)}</Isolated>
                </Text>
                <OutcomeBadge outcome={row.outcome} />
                {scripts > 1 && (
                  <Text size={200} className={styles.script}>
                    <Isolated>{scriptName(row)}</Isolated>
                  </Text>
                )}
              </div>
              <Text size={200}>
                <Isolated>{changeText(row.patch, row.before)}</Isolated>
              </Text>
              <RowReason row={row} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Why a row has failed or waits, and the codes for other people. */
function RowReason({ row }: { readonly row: JobRow }) {
  const styles = useStyles();
  const failure = failureOfRow(row);
  if (failure === undefined) return null;
  return (
    <Text size={200}>
      <Text size={200} weight="semibold">
        {failure.title}.
      </Text>{' '}
      {failure.next} <Isolated>{failure.detail ?? ''}</Isolated>
      {failure.approvalCode !== undefined && (
        <Text size={200} block>
          Approval code: <span className={styles.id}>{failure.approvalCode}</span>
        </Text>
      )}
      {failure.requestId !== undefined && (
        <Text size={200} block>
          Request ID: <span className={styles.id}>{failure.requestId}</span>
        </Text>
      )}
    </Text>
  );
}
