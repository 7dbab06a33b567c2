import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { Fragment } from 'react';
import { lowScreen } from '../breakpoint.js';
import { formatDay } from '../format.js';
import { Isolated, visibleText } from '../isolated.js';
import { PageHeading } from '../page-heading.js';
import type { ScriptRef, ScriptSummary } from '../queries.js';
import { scriptKindTexts } from '../script-kinds.js';
import { scriptName } from '../script-name.js';

const useStyles = makeStyles({
  details: {
    display: 'block',
    color: tokens.colorNeutralForeground3,
    overflowWrap: 'anywhere',
    [lowScreen]: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  },
});

interface ScriptHeadingProps {
  readonly script: ScriptRef;
  /** Undefined until the list of scripts has been loaded. */
  readonly summary: ScriptSummary | undefined;
  /** The name of the view that is shown. */
  readonly viewName: string;
}

/** The name of a script, and its properties. */
export function ScriptHeading({ script, summary, viewName }: ScriptHeadingProps) {
  const styles = useStyles();
  const modified = summary?.lastModifiedDateTime;
  const name = summary === undefined ? script.scriptId : scriptName(summary);
  const { name: kind, platform } = scriptKindTexts[script.scriptKind];
  const details = [
    `${kind} (${platform})`,
    summary?.description,
    summary?.fileName,
    summary?.runAsAccount && `runs as ${summary.runAsAccount}`,
    modified && `changed ${formatDay(modified)}`,
  ].filter((detail): detail is string => Boolean(detail));
  return (
    <div>
      <PageHeading title={[visibleText(name), viewName]}>
        <Isolated>{name}</Isolated>
      </PageHeading>
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
