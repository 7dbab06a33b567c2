import { Link } from '@fluentui/react-components';

/**
 * The address of the sign-in, which returns to the current page.
 *
 * @param prompt `select_account` makes the identity provider offer other accounts
 */
export function signInUrl(prompt?: 'select_account'): string {
  const { pathname, search } = window.location;
  return `/auth/sign-in?${new URLSearchParams({ returnTo: `${pathname}${search}`, ...(prompt && { prompt }) })}`;
}

/**
 * Signs in on another tab, so that this page keeps its state. The session is checked again when this page regains
 * focus.
 */
export function SignInLink() {
  return (
    <Link inline href={signInUrl()} target="_blank" rel="noopener">
      Sign in again
    </Link>
  );
}
