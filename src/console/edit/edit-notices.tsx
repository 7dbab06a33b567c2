import { MessageBar, MessageBarBody, MessageBarTitle, makeStyles } from '@fluentui/react-components';
import { currentValuesText } from '../current-values.js';
import type { Failure } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { Isolated } from '../isolated.js';
import type { Job } from '../jobs/job-queries.js';
import { titleOf } from '../jobs/job-state.js';
import { differenceText } from '../jobs/row-text.js';
import { JobLink } from '../links.js';
import type { WaitingRow } from '../local-changes.js';
import type { ScriptUserState } from '../queries.js';
import type { OtherChange } from './use-update.js';

const useStyles = makeStyles({ bar: { flexShrink: 0, minWidth: 0 }, text: { overflowWrap: 'anywhere' } });

interface OtherChangeNoticeProps {
  readonly change: OtherChange;
  /** Whether saving detected the change. The change of the user was then not applied. */
  readonly hasConflict: boolean;
}

/** Shows which values have changed since the dialog, or the list under it, displayed them. */
export function OtherChangeNotice({ change: { before, after }, hasConflict }: OtherChangeNoticeProps) {
  const styles = useStyles();
  return (
    <MessageBar intent="warning" layout="multiline" politeness="assertive" className={styles.bar}>
      <MessageBarBody className={styles.text}>
        <MessageBarTitle>
          {hasConflict
            ? 'The values changed while you were editing'
            : 'The values have changed since the list was loaded'}
        </MessageBarTitle>
        <Isolated>{differenceText(before, after)}</Isolated>.{' '}
        {hasConflict && 'Your change was not applied. Apply it to the new values, or cancel.'}
      </MessageBarBody>
    </MessageBar>
  );
}

interface WaitingNoticeProps {
  readonly waiting: WaitingRow;
  readonly job: Job | undefined;
  readonly isOwn: boolean;
  /** Called when the user opens the page of the job. */
  readonly onLeave: () => void;
}

/** Shows that a change waits for approval, with its code, and how it is completed. */
export function WaitingNotice({ waiting: { approvalCode, jobId }, job, isOwn, onLeave }: WaitingNoticeProps) {
  const failure: Failure = {
    reason: 'APPROVAL_PENDING',
    title: 'This change is waiting for approval',
    next: isOwn
      ? 'A second administrator must approve it in Intune. You can close this dialog; Activity lists the change. After the approval, complete it here or in Activity. To make a different change, discard it first.'
      : `It is part of a job${job === undefined ? '' : ` (${titleOf(job)})`}. Complete or cancel the job in Activity.`,
    ...(approvalCode !== undefined && { approvalCode }),
  };
  return (
    <>
      <FailureNotice failure={failure} />
      <JobLink jobId={jobId} onClick={onLeave}>
        Show the job in Activity
      </JobLink>
    </>
  );
}

interface VerificationResultProps {
  readonly current: ScriptUserState;
  readonly applied: boolean;
}

/** Reports whether a change with an unknown outcome was applied. */
export function VerificationResult({ current, applied }: VerificationResultProps) {
  return (
    <MessageBar intent={applied ? 'success' : 'info'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{applied ? 'The change was applied' : 'The change has not been applied'}</MessageBarTitle>
        {currentValuesText(current)}{' '}
        {applied ? 'No further action is needed.' : 'It may still be applied; you can send it again.'}
      </MessageBarBody>
    </MessageBar>
  );
}
