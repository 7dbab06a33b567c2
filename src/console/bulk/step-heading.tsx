import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { type ReactNode, useEffect, useRef } from 'react';

const useStyles = makeStyles({
  heading: { ...typographyStyles.subtitle2, marginTop: 0, marginBottom: tokens.spacingVerticalS, outlineStyle: 'none' },
});

/**
 * The heading of a dialog's step. It takes the focus, because the element that had it disappears with the previous
 * step. A button must not take it, since a key that is still pressed would activate it.
 *
 * @param first set in the first step, where the dialog itself sets the focus
 */
export function StepHeading({ first = false, children }: { readonly first?: boolean; readonly children: ReactNode }) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (first) return undefined;
    // Changing its `modalType` makes the dialog focus its first button, after this effect.
    const timer = setTimeout(() => heading.current?.focus());
    return () => clearTimeout(timer);
  }, [first]);
  return (
    <h3 ref={heading} tabIndex={first ? undefined : -1} className={styles.heading}>
      {children}
    </h3>
  );
}
