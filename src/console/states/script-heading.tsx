import { makeStyles, Subtitle1, Text, tokens } from '@fluentui/react-components';
import type { ScriptRef, ScriptSummary } from '../queries.js';

const useStyles = makeStyles({
  name: { overflowWrap: 'anywhere' },
  details: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
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
  ].filter(Boolean);
  return (
    <div>
      <Subtitle1 as="h2" block className={styles.name}>
        {summary?.displayName ?? summary?.fileName ?? script.scriptId}
      </Subtitle1>
      <Text size={200} className={styles.details}>
        {details.join(' · ')}
      </Text>
    </div>
  );
}
