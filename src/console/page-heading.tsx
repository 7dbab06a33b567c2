import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useRouter } from '@tanstack/react-router';
import { createContext, type ReactNode, use, useEffect, useRef } from 'react';

const useStyles = makeStyles({
  heading: {
    ...typographyStyles.subtitle1,
    color: tokens.colorNeutralForeground1,
    overflowWrap: 'anywhere',
    borderRadius: tokens.borderRadiusMedium,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '2px' },
  },
});

const HasNavigated = createContext<{ readonly current: boolean }>({ current: false });

/** Lets the headings of the pages inside know whether the user has come from another page. */
export function HeadingFocus({ children }: { readonly children: ReactNode }) {
  const router = useRouter();
  const hasNavigated = useRef(false);
  useEffect(
    () =>
      router.subscribe('onBeforeNavigate', ({ fromLocation, pathChanged }) => {
        if (fromLocation !== undefined && pathChanged) hasNavigated.current = true;
      }),
    [router],
  );
  return <HasNavigated value={hasNavigated}>{children}</HasNavigated>;
}

interface PageHeadingProps {
  /** The title of the window, most specific part first. */
  readonly title: readonly string[];
  readonly children: ReactNode;
}

/**
 * The heading of a page. It also sets the title of the window. When the page replaces another one, it takes the focus:
 * the control that led here no longer exists, and screen readers announce the new page.
 */
export function PageHeading({ title, children }: PageHeadingProps) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  const hasNavigated = use(HasNavigated);
  const text = [...title, 'Script states'].join(' – ');
  useEffect(() => {
    document.title = text;
  }, [text]);
  useEffect(() => {
    if (hasNavigated.current) heading.current?.focus();
  }, [hasNavigated]);
  return (
    <h1 ref={heading} tabIndex={-1} className={styles.heading}>
      {children}
    </h1>
  );
}
