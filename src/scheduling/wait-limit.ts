/** The limit of a wait. */
export interface WaitLimit {
  readonly timeoutMs: number;
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * Calls back once, when the time has elapsed or the signal aborts. A signal that has aborted already does not count.
 *
 * @returns ends the wait
 */
export function onTimeoutOrAbort({ timeoutMs, signal }: WaitLimit, callback: (cause: unknown) => void): () => void {
  const timer = setTimeout(() => end(new DOMException('no response in time', 'TimeoutError')), timeoutMs);
  const onAbort = () => end(signal.reason);
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  const end = (cause: unknown) => {
    stop();
    callback(cause);
  };
  signal.addEventListener('abort', onAbort);
  return stop;
}
