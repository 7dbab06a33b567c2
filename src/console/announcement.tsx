import { makeStyles } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { visuallyHidden } from './visually-hidden.js';

/** The shortest time between two announcements of progress, in milliseconds. */
const progressIntervalMs = 5_000;
/** How long a text must stay the same before it is announced, in milliseconds: the user may still be typing. */
const settleMs = 500;
/** How long an announced text stays, in milliseconds. Afterwards, readers find only the visible text that it repeats. */
const announcedMs = 5_000;

const useStyles = makeStyles({
  hidden: visuallyHidden,
});

interface AnnouncementProps {
  readonly text: string;
  /** Whether the text changes while something is in progress. */
  readonly inProgress: boolean;
}

/**
 * Announces a text to screen readers: progress at most every five seconds, its end and other changes at once. It
 * repeats what is visible, and is removed after it has been announced.
 */
export function Announcement({ text, inProgress }: AnnouncementProps) {
  const styles = useStyles();
  const [announced, setAnnounced] = useState('');
  const announcedAt = useRef(0);
  useEffect(() => {
    if (!inProgress) return;
    announcedAt.current = Date.now();
    // Otherwise an end with the same text as the previous end would not be announced.
    setAnnounced('');
  }, [inProgress]);
  useEffect(() => {
    const untilNext = announcedAt.current + progressIntervalMs - Date.now();
    const timer = setTimeout(
      () => {
        announcedAt.current = Date.now();
        setAnnounced(text);
      },
      inProgress ? Math.max(untilNext, 0) : settleMs,
    );
    return () => clearTimeout(timer);
  }, [text, inProgress]);
  useEffect(() => {
    if (announced === '') return undefined;
    // The next text can be announced at the same moment.
    const clear = () => setAnnounced((current) => (current === announced ? '' : current));
    const timer = setTimeout(clear, announcedMs);
    return () => clearTimeout(timer);
  }, [announced]);
  return (
    <div role="status" className={styles.hidden}>
      {announced}
    </div>
  );
}
