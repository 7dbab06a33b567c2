import { useEffect } from 'react';

/** Sent to the window when the input of the page is discarded on purpose. */
const discardEvent = 'input-discarded';

/**
 * Makes the browser ask before its tab is closed or reloaded, as long as the page has input that this would lose. The
 * text is the browser's.
 */
export function useUnloadGuard(hasInput: boolean): void {
  useEffect(() => {
    if (!hasInput) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    const stop = () => window.removeEventListener('beforeunload', ask);
    window.addEventListener('beforeunload', ask);
    window.addEventListener(discardEvent, stop);
    return () => {
      stop();
      window.removeEventListener(discardEvent, stop);
    };
  }, [hasInput]);
}

/** Stops all guards. After a sign-out, a question would only keep the data on the screen. */
export function stopUnloadGuards(): void {
  window.dispatchEvent(new Event(discardEvent));
}
