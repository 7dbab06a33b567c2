import { Button, type ButtonProps, makeStyles, mergeClasses, Tooltip, tokens } from '@fluentui/react-components';
import { visuallyHidden } from '../visually-hidden.js';

/** Applies where the toolbar is too narrow for the labels of its buttons. The toolbar is a container. */
const narrowToolbar = '@container (max-width: 1159px)';

const useStyles = makeStyles({
  button: {
    flexShrink: 0,
    [narrowToolbar]: {
      minWidth: '32px',
      paddingLeft: tokens.spacingHorizontalXXS,
      paddingRight: tokens.spacingHorizontalXXS,
      '& .fui-Button__icon': { margin: 0 },
    },
  },
  // Screen readers still read it.
  label: {
    [narrowToolbar]: visuallyHidden,
  },
});

type ToolbarButtonProps = ButtonProps & {
  readonly label: string;
  /** Why the button is disabled. */
  readonly hint?: string | undefined;
};

/** A button of the toolbar: an icon with a label, or with a tooltip where there is no room for the label. */
export function ToolbarButton({ label, hint, className, ...props }: ToolbarButtonProps) {
  const styles = useStyles();
  return (
    <Tooltip content={hint ?? label} relationship={hint === undefined ? 'inaccessible' : 'description'}>
      <Button {...props} className={mergeClasses(styles.button, className)}>
        <span className={styles.label}>{label}</span>
      </Button>
    </Tooltip>
  );
}
