/**
 * Ends the session, then goes to the sign-out page of the identity provider if the service names one.
 *
 * @throws {Error} when the service is unreachable or the sign-out fails
 */
export async function signOut(): Promise<void> {
  const response = await fetch('/auth/sign-out', { method: 'POST', headers: { 'x-csrf': '1' } });
  if (!response.ok) throw new Error('sign-out failed');
  const body: unknown = await response.json();
  const hasLocation = typeof body === 'object' && body !== null && 'location' in body;
  window.location.assign(hasLocation && typeof body.location === 'string' ? body.location : '/');
}
