import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { type ReactNode, useEffect, useRef } from 'react';

const useStyles = makeStyles({
  heading: { ...typographyStyles.subtitle2, marginTop: 0, marginBottom: tokens.spacingVerticalS, outlineStyle: 'none' },
});

/**
 * Says where one is in the dialog. What had the focus is gone when a step replaces another, so the heading takes it: a
 * button would be pressed by the very key that is still down.
 *
 * @param first the dialog's own first step: where the focus goes is up to the dialog
 */
export function StepHeading({ first = false, children }: { readonly first?: boolean; readonly children: ReactNode }) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (first) return undefined;
    // A dialog that becomes of another kind gives the focus to its first button, after this.
    const timer = setTimeout(() => heading.current?.focus());
    return () => clearTimeout(timer);
  }, [first]);
  return (
    <h3 ref={heading} tabIndex={first ? undefined : -1} className={styles.heading}>
      {children}
    </h3>
  );
}
