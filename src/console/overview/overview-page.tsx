import { Button, makeStyles, Skeleton, SkeletonItem, Text, tokens } from '@fluentui/react-components';
import { useDeferredValue, useMemo } from 'react';
import { lowScreen } from '../breakpoint.js';
import { RetryNotice } from '../failure-notice.js';
import { idKey } from '../ids.js';
import { PageHeading } from '../page-heading.js';
import { RefreshStatus } from '../refresh-status.js';
import { useSearchState } from '../search-state.js';
import { SortableTable } from '../sortable-table.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { visuallyHidden } from '../visually-hidden.js';
import { overviewColumnDefs } from './overview-columns.js';
import { OverviewFilters } from './overview-filters.js';
import { validateOverviewSearch } from './overview-search.js';
import { OverviewSummary } from './overview-summary.js';
import { type OverviewScript, overviewStatistics, scriptOutcome } from './script-outcome.js';
import { useAllScripts } from './use-all-scripts.js';

const worstCount = 10;
const noScripts: readonly OverviewScript[] = [];

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    [lowScreen]: { gap: tokens.spacingVerticalS, paddingBlock: tokens.spacingVerticalS },
  },
  top: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  hidden: visuallyHidden,
  loading: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
});

/** The first page: which scripts fail, for how many people, and where to look first. */
export function OverviewPage() {
  const styles = useStyles();
  const [search, setSearch] = useSearchState(validateOverviewSearch);
  const { scripts = noScripts, unreadable, complete, fetching, asOf, failure, refresh, retry } = useAllScripts();
  const isLoading = scripts === noScripts;
  const statistics = useMemo(() => overviewStatistics(scripts, worstCount), [scripts]);
  const { kind, outcome } = search;
  const find = useDeferredValue(search.find);
  const matches = useMemo(
    () =>
      scripts.filter(
        (script) =>
          (kind === undefined || script.scriptKind === kind) &&
          (outcome === undefined || scriptOutcome(script) === outcome) &&
          containsText(script, find),
      ),
    [scripts, kind, outcome, find],
  );
  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHeading title={['Overview']}>Overview</PageHeading>
        <RefreshStatus asOf={asOf.getTime() > 0 ? asOf : undefined} fetching={fetching} onRefresh={refresh} />
      </div>
      <RetryNotice failure={failure} onRetry={retry} />
      <UnreadableNotice count={unreadable} />
      {isLoading && failure === undefined && (
        <Skeleton aria-label="Loading scripts" className={styles.loading}>
          <SkeletonItem size={128} />
          <SkeletonItem size={48} />
          <SkeletonItem size={48} />
          <SkeletonItem size={48} />
        </Skeleton>
      )}
      {!isLoading && (
        <>
          <OverviewSummary statistics={statistics} complete={complete} />
          <h2 className={styles.hidden}>All scripts</h2>
          <OverviewFilters
            search={search}
            onChange={setSearch}
            shown={matches.length}
            total={scripts.length}
            complete={complete}
          />
          {matches.length > 0 ? (
            <SortableTable
              label="Scripts"
              rows={matches}
              rowKey={({ scriptKind, id }) => `${scriptKind} ${idKey(id)}`}
              columns={overviewColumnDefs}
              sorting={{ id: search.sort ?? 'devicesFailed', desc: search.ascending !== true }}
              onSort={({ id, desc }) => setSearch({ sort: id, ascending: !desc })}
            />
          ) : (
            complete && (
              <div>
                <Text block>{scripts.length === 0 ? 'There are no scripts.' : 'No scripts match your filters.'}</Text>
                {scripts.length > 0 && (
                  <Button
                    appearance="transparent"
                    onClick={() => setSearch({ find: undefined, kind: undefined, outcome: undefined })}
                  >
                    Clear filters
                  </Button>
                )}
              </div>
            )
          )}
        </>
      )}
    </div>
  );
}

function containsText({ displayName, fileName, description }: OverviewScript, find = ''): boolean {
  const search = find.trim().toLowerCase();
  return search === '' || [displayName, fileName, description].some((text) => text?.toLowerCase().includes(search));
}
