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
import { countOf } from './rows.js';
import { StepHeading } from './step-heading.js';
import { timeLeft } from './time-left.js';
import type { BulkProgress, BulkRun } from './use-bulk-run.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  spoken: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
});

/** Whoever listens hears of it so often, and can hear other things in between. */
const sayEveryMs = 10_000;

/** How far it is, and the way to stop it. */
export function RunningStep({ run }: { readonly run: BulkRun }) {
  const styles = useStyles();
  const text = textOf(run);
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>Sending {countOf(run.total, 'change', 'changes')}</StepHeading>
        <Field label="Progress">
          <ProgressBar value={run.done} max={run.total} thickness="large" />
        </Field>
        <Text aria-hidden>{text}</Text>
        <Spoken text={text} />
        <Text>
          Microsoft Graph takes only so many changes at a time, so it can pause. Keep this page open: without it, what
          waits is not sent.
        </Text>
      </DialogContent>
      <DialogActions>
        <Button onClick={run.cancel}>Cancel</Button>
      </DialogActions>
    </>
  );
}

/** The same words as those that are seen, told less often. */
function Spoken({ text }: { readonly text: string }) {
  const styles = useStyles();
  const [said, setSaid] = useState(text);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  }, [text]);
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), sayEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="status" aria-live="polite" className={styles.spoken}>
      {said}
    </div>
  );
}

function textOf({ done, total, succeeded, failed, elapsedMs }: BulkProgress): string {
  const [some, all, good, bad] = [done, total, succeeded, failed].map((count) => count.toLocaleString('en'));
  return [`${some} of ${all}`, `${good} done`, `${bad} failed`, timeLeft(done, total, elapsedMs)]
    .filter(Boolean)
    .join(' · ');
}
