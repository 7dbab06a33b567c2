import { makeStyles, Popover, PopoverSurface, PopoverTrigger, Text, tokens } from '@fluentui/react-components';
import { formatDate } from '../format.js';
import { Isolated } from '../isolated.js';
import type { Session } from '../queries.js';
import { AccountButton } from './account-button.js';
import { SignOutButton } from './sign-out-button.js';

const useStyles = makeStyles({
  surface: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, maxWidth: '320px' },
  name: { overflowWrap: 'anywhere' },
  details: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    margin: 0,
  },
  term: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere' },
});

/** The account: user, role, end of the session, and sign-out. */
export function AccountMenu({ session }: { readonly session: Session }) {
  const styles = useStyles();
  const { user, roles, expiresAt, idleExpiresAt, graph, version } = session;
  const role = roles.includes('operator') ? 'Operator' : roles.length > 0 ? 'Reader' : 'No role';
  const details = [
    ['Username', user.username !== user.name && user.username],
    ['Role', role],
    ['Session ends if idle', idleExpiresAt !== null && formatDate(idleExpiresAt)],
    ['Session ends at the latest', expiresAt !== null && formatDate(expiresAt)],
    ['Data', graph === 'simulator' ? 'Simulated: not connected to a tenant' : 'Live'],
    ['Version', version],
  ] as const;
  return (
    // Beside its button, so that the Tab key leads from the one to the other.
    <Popover inline positioning="below-end">
      <PopoverTrigger disableButtonEnhancement>
        <AccountButton name={user.name} />
      </PopoverTrigger>
      <PopoverSurface aria-label="Account" className={styles.surface}>
        <Text weight="semibold" className={styles.name}>
          <Isolated>{user.name}</Isolated>
        </Text>
        <dl className={styles.details}>
          {details.map(
            ([term, value]) =>
              value && (
                <Detail key={term} term={term}>
                  {value}
                </Detail>
              ),
          )}
        </dl>
        {expiresAt === null ? (
          <Text>Sign-in is off. Everybody on this computer acts as this operator.</Text>
        ) : (
          <SignOutButton />
        )}
      </PopoverSurface>
    </Popover>
  );
}

function Detail({ term, children }: { readonly term: string; readonly children: string }) {
  const styles = useStyles();
  return (
    <>
      <dt className={styles.term}>{term}</dt>
      <dd className={styles.value}>
        <Isolated>{children}</Isolated>
      </dd>
    </>
  );
}
