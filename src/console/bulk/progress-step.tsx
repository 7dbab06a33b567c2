import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  makeStyles,
  ProgressBar,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { formatNumber, pluralize } from '../format.js';
import { StepHeading } from './step-heading.js';
import { timeLeft } from './time-left.js';
import type { BulkProgress, BulkUpdateState } from './use-bulk-update.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  visuallyHidden: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
});

/** Limits how often a screen reader announces the progress. */
const announceIntervalMs = 10_000;

/** The progress of a running bulk update. */
export function ProgressStep({ update }: { readonly update: BulkUpdateState }) {
  const styles = useStyles();
  const text = progressText(update);
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>Sending {pluralize(update.total, 'change', 'changes')}</StepHeading>
        <Field label="Progress">
          <ProgressBar value={update.done} max={update.total} thickness="large" />
        </Field>
        <Text aria-hidden>{text}</Text>
        <Announcement text={text} />
        <Text>
          Microsoft Graph limits the rate of changes, so progress can pause. Keep this page open: if you close it, the
          remaining changes are not sent.
        </Text>
      </DialogContent>
      <DialogActions>
        <Button onClick={update.cancel}>Cancel</Button>
      </DialogActions>
    </>
  );
}

/** Announces a text to screen readers, less often than it changes. */
function Announcement({ text }: { readonly text: string }) {
  const styles = useStyles();
  const [announced, setAnnounced] = useState(text);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    const timer = setInterval(() => setAnnounced(latest.current), announceIntervalMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="status" aria-live="polite" className={styles.visuallyHidden}>
      {announced}
    </div>
  );
}

function progressText({ done, total, succeeded, failed, elapsedMs }: BulkProgress): string {
  const [doneText, totalText, succeededText, failedText] = [done, total, succeeded, failed].map((count) =>
    formatNumber(count),
  );
  return [
    `${doneText} of ${totalText}`,
    `${succeededText} changed`,
    `${failedText} failed`,
    timeLeft(done, total, elapsedMs),
  ]
    .filter(Boolean)
    .join(' · ');
}
