import { DialogTitle, makeStyles, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { Isolated } from './isolated.js';
import type { ScriptRef } from './queries.js';
import { scriptName } from './script-name.js';
import { useScript } from './use-script.js';

const useStyles = makeStyles({
  title: { overflowWrap: 'anywhere' },
  script: { color: tokens.colorNeutralForeground3 },
});

interface DialogHeadingProps {
  readonly script: ScriptRef;
  readonly children: ReactNode;
}

/** The title of a dialog, with the script that it is about. */
export function DialogHeading({ script, children }: DialogHeadingProps) {
  const styles = useStyles();
  const known = useScript(script);
  return (
    <DialogTitle className={styles.title}>
      {children}{' '}
      <Text block size={300} className={styles.script}>
        <Isolated>{known === undefined ? script.scriptId : scriptName(known)}</Isolated>
      </Text>
    </DialogTitle>
  );
}
