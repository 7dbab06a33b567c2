import { MessageBar, MessageBarBody, makeStyles } from '@fluentui/react-components';
import { FailureNotice } from '../failure-notice.js';
import { failureKind, isCompletable } from './row-failure.js';
import type { BulkProgress } from './use-bulk-update.js';

const useStyles = makeStyles({ bar: { flexShrink: 0 } });

/** Explains why a bulk update ended early, and what to do about rows that did not succeed. */
export function ReportNotices({ progress: { state, failure, failures } }: { readonly progress: BulkProgress }) {
  const styles = useStyles();
  const kinds = new Set(failures.map((each) => failureKind(each.failure)));
  const texts = [
    state === 'cancelled' &&
      'You cancelled. The service completes the rows that it had already sent to Microsoft Graph; the others are never sent.',
    kinds.has('unknown') &&
      'Rows with an unknown outcome may have been changed. Check the list in a moment, or send them again: that sets the same values.',
    kinds.has('notSent') && 'Rows that were not sent are unchanged.',
    failures.some(isCompletable) &&
      'Each row that awaits approval has an approval code. Give the codes to a second administrator. After they approve, complete the rows here, or later from the list.',
  ].filter((text) => text !== false);
  return (
    <>
      {failure !== undefined && <FailureNotice failure={failure} />}
      {texts.length > 0 && (
        <MessageBar intent="warning" layout="multiline" className={styles.bar}>
          <MessageBarBody>{texts.join(' ')}</MessageBarBody>
        </MessageBar>
      )}
    </>
  );
}
