import { makeStyles, Title2, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    boxSizing: 'border-box',
    width: '420px',
    maxWidth: '100%',
    margin: 'auto',
    padding: tokens.spacingHorizontalXXXL,
    gap: tokens.spacingVerticalL,
    // Visible in forced colors, which remove shadows.
    border: '1px solid transparent',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
    overflowWrap: 'anywhere',
  },
  logo: { width: '48px', height: '48px' },
});

interface CenteredCardProps {
  readonly title: string;
  readonly titleId?: string;
  /** `h2` above a page that has an `h1`. */
  readonly as: 'h1' | 'h2';
  readonly children: ReactNode;
}

/** A card in the middle of an otherwise empty page. The service's own pages of sign-in look the same. */
export function CenteredCard({ title, titleId, as, children }: CenteredCardProps) {
  const styles = useStyles();
  return (
    <div className={styles.card}>
      <img src={new URL('../icon.svg', import.meta.url).href} alt="" className={styles.logo} />
      <Title2 as={as} id={titleId}>
        {title}
      </Title2>
      {children}
    </div>
  );
}
