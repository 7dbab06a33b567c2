/** Where to sign in, so that this very place is come back to. */
export function signInAddress(): string {
  const { pathname, search } = window.location;
  return `/auth/sign-in?${new URLSearchParams({ returnTo: `${pathname}${search}` })}`;
}

/**
 * Ends the session here, and at the identity provider, which the service names.
 *
 * @throws {Error} when the service could not be asked, or could not do it
 */
export async function signOut(): Promise<void> {
  const response = await fetch('/auth/sign-out', { method: 'POST', headers: { 'x-csrf': '1' } });
  if (!response.ok) throw new Error('not signed out');
  const answer: unknown = await response.json();
  const known = typeof answer === 'object' && answer !== null && 'location' in answer;
  window.location.assign(known && typeof answer.location === 'string' ? answer.location : '/');
}
