import { MessageBar, MessageBarBody, makeStyles } from '@fluentui/react-components';
import { FailureNotice } from '../failure-notice.js';
import { kindOf } from './rows.js';
import type { BulkProgress } from './use-bulk-run.js';

const useStyles = makeStyles({ bar: { flexShrink: 0 } });

/** What has to be known of rows before anything is done about them. */
export function ReportNotices({ run: { state, failure, failures } }: { readonly run: BulkProgress }) {
  const styles = useStyles();
  const kinds = new Set(failures.map((each) => kindOf(each.failure)));
  const words = [
    state === 'cancelled' &&
      'You cancelled. What had been sent to Microsoft Graph by then is seen through; the rest never is.',
    kinds.has('unknown') &&
      'Nobody here knows whether rows with an unknown outcome were changed. Look at the list in a moment, or send them again: that sets the same values once more.',
    kinds.has('notSent') && 'Rows that were not sent are as they were.',
    kinds.has('waiting') &&
      'Rows that wait for approval have a code. Give it to a second administrator; once it is approved, each of them is sent again from its own row in the list.',
  ].filter((text) => text !== false);
  return (
    <>
      {failure !== undefined && <FailureNotice failure={failure} />}
      {words.length > 0 && (
        <MessageBar intent="warning" layout="multiline" className={styles.bar}>
          <MessageBarBody>{words.join(' ')}</MessageBarBody>
        </MessageBar>
      )}
    </>
  );
}
