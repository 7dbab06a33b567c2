import { makeStyles, Subtitle1, Text, tokens } from '@fluentui/react-components';
import type { Script, ScriptSummary } from '../queries.js';

const useStyles = makeStyles({
  name: { overflowWrap: 'anywhere' },
  facts: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
});

/** What a script is called and what is known about it. */
export function ScriptHeading({
  script,
  about,
}: {
  readonly script: Script;
  readonly about: ScriptSummary | undefined;
}) {
  const styles = useStyles();
  const changed = about?.lastModifiedDateTime;
  const facts = [
    about?.description,
    about?.fileName,
    about?.runAsAccount && `runs as ${about.runAsAccount}`,
    changed && `changed ${new Date(changed).toLocaleDateString('en', { dateStyle: 'medium' })}`,
  ].filter(Boolean);
  return (
    <div>
      <Subtitle1 as="h2" block className={styles.name}>
        {about?.displayName ?? about?.fileName ?? script.scriptId}
      </Subtitle1>
      <Text size={200} className={styles.facts}>
        {facts.join(' · ')}
      </Text>
    </div>
  );
}
