import { stopUnloadGuards } from '../unload-guard.js';

/** The name of the channel that reaches all tabs of this origin in one browser. */
const channelName = 'sign-out';

/**
 * Ends the session, then goes to the sign-out page of the identity provider if the service names one. All tabs discard
 * their data: see {@link onSignOut}.
 *
 * @throws {Error} when the service is unreachable or the sign-out fails
 */
export async function signOut(): Promise<void> {
  const response = await fetch('/auth/sign-out', { method: 'POST', headers: { 'x-csrf': '1' } });
  if (!response.ok) throw new Error('sign-out failed');
  const body: unknown = await response.json();
  const channel = new BroadcastChannel(channelName);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin only
  channel.postMessage('signed-out');
  channel.close();
  stopUnloadGuards();
  const hasLocation = typeof body === 'object' && body !== null && 'location' in body;
  window.location.assign(hasLocation && typeof body.location === 'string' ? body.location : '/');
}

/** Calls `notify` when the user has signed out in any tab. @returns a function that stops it */
export function onSignOut(notify: () => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', notify);
  return () => channel.close();
}
