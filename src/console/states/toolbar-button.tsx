import { Button, type ButtonProps, makeStyles, mergeClasses, Tooltip, tokens } from '@fluentui/react-components';
import { useRef, useState } from 'react';
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
  readonly onPress: () => void;
};

/** A button of the toolbar: an icon with a label, or with a tooltip where there is no room for the label. */
export function ToolbarButton({ label, hint, className, onPress, ...props }: ToolbarButtonProps) {
  const styles = useStyles();
  const [isTooltipVisible, setTooltipVisible] = useState(false);
  const isPressed = useRef(false);
  const allowTooltip = () => {
    isPressed.current = false;
  };
  return (
    <Tooltip
      content={hint ?? label}
      relationship={hint === undefined ? 'inaccessible' : 'description'}
      visible={isTooltipVisible}
      onVisibleChange={(_event, { visible }) => setTooltipVisible(visible && !isPressed.current)}
    >
      <Button
        {...props}
        onPointerEnter={allowTooltip}
        onFocus={allowTooltip}
        onClick={() => {
          // A visible tooltip takes the Escape key from the dialog that the button opens.
          isPressed.current = true;
          setTooltipVisible(false);
          onPress();
        }}
        className={mergeClasses(styles.button, className)}
      >
        <span className={styles.label}>{label}</span>
      </Button>
    </Tooltip>
  );
}
