import { MessageBar, MessageBarBody, makeStyles } from '@fluentui/react-components';
import { pluralize } from './format.js';

const useStyles = makeStyles({ bar: { flexShrink: 0, minWidth: 0 } });

/** Warns that a list is incomplete: Graph sent some of its entries in an unknown form. */
export function UnreadableNotice({ count }: { readonly count: number }) {
  const styles = useStyles();
  if (count === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline" className={styles.bar}>
      <MessageBarBody>
        {pluralize(count, 'entry', 'entries')} could not be read. Microsoft Graph sent{' '}
        {count === 1 ? 'it in an unknown form, so it is' : 'them in an unknown form, so they are'} missing here.
      </MessageBarBody>
    </MessageBar>
  );
}
