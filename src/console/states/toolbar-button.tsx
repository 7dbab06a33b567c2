import { Button, type ButtonProps, makeStyles, mergeClasses, Tooltip, tokens } from '@fluentui/react-components';
import { useRef, useState } from 'react';
import { visuallyHidden } from '../visually-hidden.js';

/** Applies where the toolbar is too narrow for the labels of its buttons. The toolbar is a container. */
const narrowToolbar = '@container (max-width: 1199px)';
/** Applies where the toolbar is too narrow for the labels of all of them. */
const fairlyNarrowToolbar = '@container (max-width: 1339px)';

const iconOnly = {
  minWidth: '32px',
  paddingLeft: tokens.spacingHorizontalXXS,
  paddingRight: tokens.spacingHorizontalXXS,
  '& .fui-Button__icon': { margin: 0 },
} as const;

const useStyles = makeStyles({
  button: {
    flexShrink: 0,
    [narrowToolbar]: iconOnly,
  },
  secondary: { [fairlyNarrowToolbar]: iconOnly },
  // Screen readers still read it.
  label: { [narrowToolbar]: visuallyHidden },
  secondaryLabel: { [fairlyNarrowToolbar]: visuallyHidden },
});

type ToolbarButtonProps = ButtonProps & {
  readonly label: string;
  /** Why the button is disabled. */
  readonly hint?: string | undefined;
  /** Whether its label is hidden before those of the other buttons where there is little room. */
  readonly isSecondary?: boolean;
  readonly onPress: () => void;
};

/** A button of the toolbar: an icon with a label, or with a tooltip where there is no room for the label. */
export function ToolbarButton({ label, hint, className, isSecondary = false, onPress, ...props }: ToolbarButtonProps) {
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
        className={mergeClasses(styles.button, isSecondary && styles.secondary, className)}
      >
        <span className={mergeClasses(styles.label, isSecondary && styles.secondaryLabel)}>{label}</span>
      </Button>
    </Tooltip>
  );
}
