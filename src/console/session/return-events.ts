/** The events with which a page returns to its user: from the background, from the history, or from being frozen. */
const events = ['visibilitychange', 'resume', 'focus', 'pageshow'];

/**
 * Calls `notify` when the page returns to its user.
 *
 * @returns a function that stops it
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function onReturn(notify: () => void): () => void {
  const notifyIfVisible = (event: Event) => {
    const isFirstShow = event instanceof PageTransitionEvent && !event.persisted;
    if (document.visibilityState === 'visible' && !isFirstShow) notify();
  };
  // `focus` does not bubble: only a listener in the capturing phase would receive that of each element.
  const targets = [document, window];
  for (const target of targets) for (const event of events) target.addEventListener(event, notifyIfVisible);
  return () => {
    for (const target of targets) for (const event of events) target.removeEventListener(event, notifyIfVisible);
  };
}
