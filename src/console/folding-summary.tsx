import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { ChevronDownRegular, ChevronRightRegular } from '@fluentui/react-icons';
import { type ReactNode, useId } from 'react';
import { lowScreen, narrowScreen } from './breakpoint.js';
import { useMediaQuery } from './media-query.js';
import { usePreference } from './preference.js';

const useStyles = makeStyles({
  // The width of the summary, not of the screen, decides the layout of its content.
  container: { containerType: 'inline-size', flexShrink: 0 },
  fold: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalS },
  button: { minWidth: 0, paddingLeft: 0 },
});

interface FoldingSummaryProps {
  /** The name under which the browser stores whether the user has folded it. */
  readonly preference: string;
  /** Whether all data has been loaded. */
  readonly complete: boolean;
  /** The summary in one line, shown while it is folded. */
  readonly line: ReactNode;
  /** Renders the summary, which has the given id. */
  readonly children: (id: string) => ReactNode;
}

/**
 * A summary above a table, which can be folded into one line. Where it would leave no room for the table, it is folded
 * until the user unfolds it.
 */
export function FoldingSummary({ preference, complete, line, children }: FoldingSummaryProps) {
  const styles = useStyles();
  const isSmall = useMediaQuery(narrowScreen, lowScreen);
  const [stored, store] = usePreference(isSmall ? `${preference}-on-small-screens` : preference);
  const isUnfolded = stored === null ? !isSmall : stored === 'unfolded';
  const id = useId();
  return (
    <section aria-label="Summary" className={styles.container}>
      <div className={styles.fold}>
        <Button
          appearance="transparent"
          size="small"
          className={styles.button}
          icon={isUnfolded ? <ChevronDownRegular /> : <ChevronRightRegular />}
          aria-expanded={isUnfolded}
          aria-controls={isUnfolded ? id : undefined}
          onClick={() => store(isUnfolded ? 'folded' : 'unfolded')}
        >
          {`Summary${complete ? '' : ' so far'}`}
        </Button>
        {!isUnfolded && line}
      </div>
      {isUnfolded && children(id)}
    </section>
  );
}
