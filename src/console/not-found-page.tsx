import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { Link } from '@tanstack/react-router';
import { PageHeading } from './page-heading.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    margin: 'auto',
    padding: tokens.spacingHorizontalXXL,
  },
});

/** The page for an unknown address. */
export function NotFoundPage() {
  return (
    <div className={useStyles().page}>
      <PageHeading title={['Page not found']}>Page not found</PageHeading>
      <Text>
        There is no page at this address. Go to the <Link to="/">overview</Link>.
      </Text>
    </div>
  );
}
