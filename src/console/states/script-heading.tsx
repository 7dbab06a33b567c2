import { makeStyles, Subtitle1, Text, tokens } from '@fluentui/react-components';
import { Fragment } from 'react';
import { Isolated, visibleText } from '../isolated.js';
import type { ScriptRef, ScriptSummary } from '../queries.js';
import { lowScreen } from './grid-styles.js';

const useStyles = makeStyles({
  name: { overflowWrap: 'anywhere' },
  details: {
    display: 'block',
    color: tokens.colorNeutralForeground3,
    overflowWrap: 'anywhere',
    [`@media ${lowScreen}`]: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  },
});

/** The name of a script, and its properties. */
export function ScriptHeading({
  script,
  summary,
}: {
  readonly script: ScriptRef;
  readonly summary: ScriptSummary | undefined;
}) {
  const styles = useStyles();
  const modified = summary?.lastModifiedDateTime;
  const details = [
    summary?.description,
    summary?.fileName,
    summary?.runAsAccount && `runs as ${summary.runAsAccount}`,
    modified && `modified ${new Date(modified).toLocaleDateString('en', { dateStyle: 'medium' })}`,
  ].filter((detail): detail is string => Boolean(detail));
  return (
    <div>
      <Subtitle1 as="h2" block className={styles.name}>
        <Isolated>{summary?.displayName ?? summary?.fileName ?? script.scriptId}</Isolated>
      </Subtitle1>
      <Text size={200} className={styles.details} title={details.map(visibleText).join(' · ')}>
        {details.map((detail, index) => (
          <Fragment key={detail}>
            {index > 0 && ' · '}
            <Isolated>{detail}</Isolated>
          </Fragment>
        ))}
      </Text>
    </div>
  );
}
