import { Badge, makeStyles, Subtitle2, Text, tokens } from '@fluentui/react-components';
import { BeakerRegular, PersonRegular } from '@fluentui/react-icons';
import { Isolated } from '../isolated.js';
import type { Session } from '../queries.js';
import { SignOutButton } from './sign-out-button.js';

const useStyles = makeStyles({
  header: {
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    flexShrink: 0,
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  logo: { width: '24px', height: '24px' },
  space: { flexGrow: 1 },
  person: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  role: { color: tokens.colorNeutralForeground3 },
});

/** The page header: title, a badge for simulated data, the user and their role. */
export function Header({ session: { user, roles, expiresAt, graph } }: { readonly session: Session }) {
  const styles = useStyles();
  const role = roles.includes('operator') ? 'Operator' : roles.length > 0 ? 'Reader' : 'No role';
  return (
    <header className={styles.header}>
      <img src={new URL('../icon.svg', import.meta.url).href} alt="" className={styles.logo} />
      <Subtitle2 as="h1">Script states</Subtitle2>
      {graph === 'simulator' && (
        <Badge appearance="tint" color="warning" size="large" icon={<BeakerRegular />}>
          Simulated data: not connected to a tenant
        </Badge>
      )}
      <span className={styles.space} />
      <span className={styles.person}>
        <PersonRegular fontSize={20} aria-hidden />
        <Text>
          <Isolated>{user.name}</Isolated>
        </Text>
        <Text size={200} className={styles.role}>
          {role}
        </Text>
      </span>
      {expiresAt !== null && <SignOutButton size="small" />}
    </header>
  );
}
