import { makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import { DocumentTableSearchRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Announcement } from '../announcement.js';
import { downloadCsv } from '../csv/csv-download.js';
import { DefectNotice } from '../error-boundary.js';
import type { Failure } from '../failure.js';
import { RetryNotice } from '../failure-notice.js';
import { pluralize } from '../format.js';
import { type DeviceRunState, type ScriptRef, type ScriptSummary, scriptDeviceStatesQuery } from '../queries.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useAllPages } from '../use-all-pages.js';
import { visuallyHidden } from '../visually-hidden.js';
import { useStableCallback } from './stable-callback.js';
import { ToolbarButton } from './toolbar-button.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  // Below the toolbar, of which this is a part.
  below: { order: 1, flexBasis: '100%' },
  // Screen readers announce the text of a status only if the status was rendered before it.
  empty: visuallyHidden,
  text: { color: tokens.colorNeutralForeground3 },
});

interface ReasonsDownloadProps {
  readonly script: ScriptRef;
  readonly summary: ScriptSummary | undefined;
  /** All people of the script. */
  readonly people: readonly VisibleState[];
  /** The people in the file. */
  readonly states: readonly VisibleState[];
  /** When they were fetched. */
  readonly asOf: Date;
  /** Whether all people have been fetched. */
  readonly complete: boolean;
}

/**
 * Downloads the people with their failed devices and the reasons. These are in the list of all devices, which is
 * fetched when the user asks for the file.
 */
export function ReasonsDownload({ script, summary, people, states, asOf, complete }: ReasonsDownloadProps) {
  const styles = useStyles();
  const client = useQueryClient();
  /** The people in the file that waits for the list of devices. */
  const [pending, setPending] = useState<readonly VisibleState[]>();
  const [failure, setFailure] = useState<Failure>();
  const [hasDefect, setDefect] = useState(false);
  const [missing, setMissing] = useState({ withoutPerson: 0, unreadable: 0 });
  const isLoading = pending !== undefined;

  function start(): void {
    const { queryKey } = scriptDeviceStatesQuery(script);
    const updatedAt = client.getQueryState(queryKey)?.dataUpdatedAt ?? 0;
    // The reasons must not be older than the results that they explain.
    const isOlder = updatedAt < asOf.getTime();
    if (isOlder) void client.invalidateQueries({ queryKey, refetchType: 'none' });
    // Clears the error of the query, so that it resumes at the page that failed.
    else client.setQueryData(queryKey, (pages) => pages, { updatedAt });
    setFailure(undefined);
    setDefect(false);
    setMissing({ withoutPerson: 0, unreadable: 0 });
    setPending(states);
  }
  async function download(devices: readonly DeviceRunState[], unreadable: number): Promise<void> {
    const [{ formatUserStates }, { failureReasons }] = await Promise.all([
      import('./states-csv.js'),
      import('./failure-reasons.js'),
    ]);
    const failures = failureReasons(devices, people);
    downloadCsv(`states-${script.scriptId}-reasons.csv`, formatUserStates(script, pending ?? [], summary, failures));
    setMissing({ withoutPerson: failures.withoutPerson, unreadable });
  }

  return (
    <>
      <ToolbarButton
        icon={isLoading ? <Spinner size="extra-tiny" aria-label="Loading" /> : <DocumentTableSearchRegular />}
        label="Download with reasons"
        isSecondary
        hint={hintOf(complete, isLoading)}
        disabledFocusable={!complete || isLoading}
        onPress={start}
      />
      {isLoading && (
        <LoadingReasons
          script={script}
          onLoaded={(devices, unreadable) => {
            setPending(undefined);
            void download(devices, unreadable).catch(() => setDefect(true));
          }}
          onFailed={(reason) => {
            setPending(undefined);
            setFailure(reason);
          }}
        />
      )}
      {failure !== undefined && (
        <div className={styles.below}>
          <RetryNotice failure={failure} onRetry={start} />
        </div>
      )}
      {hasDefect && <DefectNotice />}
      {missing.unreadable > 0 && (
        <div className={styles.below}>
          <UnreadableNotice count={missing.unreadable} />
        </div>
      )}
      <Text size={200} role="status" className={missing.withoutPerson > 0 ? styles.below : styles.empty}>
        {missing.withoutPerson > 0 && withoutPersonText(missing.withoutPerson)}
      </Text>
    </>
  );
}

const withoutPersonText = (count: number) =>
  `Microsoft Graph does not say whose ${pluralize(count, 'failed device', 'failed devices')} of this script ${count === 1 ? 'is' : 'are'}.`;

function hintOf(complete: boolean, isLoading: boolean): string | undefined {
  if (!complete) return 'You can download the reasons after the whole list has loaded.';
  return isLoading ? 'The download starts when all reasons have loaded.' : undefined;
}

interface LoadingReasonsProps {
  readonly script: ScriptRef;
  readonly onLoaded: (devices: readonly DeviceRunState[], unreadable: number) => void;
  /** Called with a failure after which the list does not continue by itself. */
  readonly onFailed: (failure: Failure) => void;
}

/** Loads the list of all devices, and shows its progress. */
function LoadingReasons({ script, onLoaded, onFailed }: LoadingReasonsProps) {
  const styles = useStyles();
  const list = useAllPages(scriptDeviceStatesQuery(script));
  const { items, unreadable, complete, fetching, failure, refresh } = list;
  const isLoaded = items !== undefined && complete && !fetching && failure === undefined;
  const isWaiting = failure?.isRetried === true;
  // The error of an earlier attempt remains while the list is refetched.
  const ended = fetching || isWaiting ? undefined : failure;
  const finish = useStableCallback(onLoaded);
  const fail = useStableCallback(onFailed);
  useEffect(() => {
    if (isLoaded) finish(items, unreadable);
  }, [isLoaded, items, unreadable, finish]);
  useEffect(() => {
    if (ended !== undefined) fail(ended);
  }, [ended, fail]);
  const progress = `Loading the reasons: ${pluralize(items?.length ?? 0, 'device', 'devices')} so far`;
  return (
    <div className={styles.below}>
      {isWaiting ? (
        <RetryNotice failure={failure} onRetry={refresh} />
      ) : (
        <Text size={200} className={styles.text}>
          {progress}
        </Text>
      )}
      <Announcement text={progress} inProgress={fetching} />
    </div>
  );
}
