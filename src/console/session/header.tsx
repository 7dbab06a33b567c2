import { Badge, makeStyles, Text, tokens } from '@fluentui/react-components';
import { BeakerRegular, PlugConnectedRegular } from '@fluentui/react-icons';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { forcedColors, narrowScreen, phoneScreen } from '../breakpoint.js';
import { DefectBoundary } from '../error-boundary.js';
import type { Session } from '../queries.js';
import { visuallyHidden } from '../visually-hidden.js';
import { AccountButton } from './account-button.js';

const AccountMenu = lazy(async () => ({ default: (await import('./account-menu.js')).AccountMenu }));
const RunningJobs = lazy(async () => ({ default: (await import('../jobs/running-jobs.js')).RunningJobs }));

const useStyles = makeStyles({
  header: {
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    flexShrink: 0,
    gap: `${tokens.spacingVerticalXXS} ${tokens.spacingHorizontalM}`,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
    [narrowScreen]: {
      columnGap: tokens.spacingHorizontalS,
      paddingLeft: tokens.spacingHorizontalM,
      paddingRight: tokens.spacingHorizontalM,
    },
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  logo: { width: '24px', height: '24px' },
  pages: { display: 'flex', gap: tokens.spacingHorizontalXS },
  page: {
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalS}`,
    borderBottom: '2px solid transparent',
    // Forced colors make transparent borders visible.
    [forcedColors]: { borderBottomColor: 'Canvas' },
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    ':hover': { color: tokens.colorNeutralForeground1, textDecorationLine: 'underline' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    '&[aria-current]': {
      color: tokens.colorNeutralForeground1,
      borderBottomColor: tokens.colorCompoundBrandStroke,
      [forcedColors]: { borderBottomColor: 'Highlight' },
      fontWeight: tokens.fontWeightSemibold,
    },
  },
  source: {
    marginLeft: 'auto',
    [phoneScreen]: {
      paddingLeft: tokens.spacingHorizontalXS,
      paddingRight: tokens.spacingHorizontalXS,
      '& .fui-Badge__icon': { margin: 0 },
    },
  },
  // On a phone, the header has no room for the label beside its icon.
  label: { [phoneScreen]: visuallyHidden },
  title: { [narrowScreen]: { display: 'none' } },
  wide: { [narrowScreen]: { display: 'none' } },
});

/** The header of all pages: the navigation, whether the data are simulated, and the account. */
export function Header({ session }: { readonly session: Session }) {
  const styles = useStyles();
  const isSimulated = session.graph === 'simulator';
  return (
    <header className={styles.header}>
      <img src={new URL('../icon.svg', import.meta.url).href} alt="" className={styles.logo} />
      <Text weight="semibold" size={400} className={styles.title}>
        Script states
      </Text>
      {session.roles.length > 0 && (
        <nav aria-label="Pages" className={styles.pages}>
          <Link to="/" className={styles.page} activeOptions={{ exact: true, includeSearch: false }}>
            Overview
          </Link>
          <Link to="/activity" className={styles.page} activeOptions={{ includeSearch: false }}>
            Activity
            <Suspense>
              <RunningJobs />
            </Suspense>
          </Link>
        </nav>
      )}
      <Badge
        appearance="tint"
        color={isSimulated ? 'warning' : 'informative'}
        size="large"
        icon={isSimulated ? <BeakerRegular /> : <PlugConnectedRegular />}
        title={isSimulated ? 'Simulated data: not connected to a tenant' : 'Live data'}
        className={styles.source}
      >
        <span className={styles.label}>
          {isSimulated ? 'Simulated data' : 'Live data'}
          {isSimulated && <span className={styles.wide}>: not connected to a tenant</span>}
        </span>
      </Badge>
      <DefectBoundary>
        <Suspense fallback={<AccountButton name={session.user.name} disabledFocusable />}>
          <AccountMenu session={session} />
        </Suspense>
      </DefectBoundary>
    </header>
  );
}
