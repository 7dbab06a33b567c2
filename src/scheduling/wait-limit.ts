/** The limit of a wait. */
export interface WaitLimit {
  readonly timeoutMs: number;
  /** Whether the result is no longer needed. */
  readonly isDone: boolean;
  /** Calls back when the result is no longer needed. @returns removes the listener */
  onDone(listener: (cause: unknown) => void): () => void;
}

/**
 * Calls back once, when the time is over or the result is no longer needed.
 *
 * @returns ends the wait
 */
export function onTimeoutOrDone(limit: WaitLimit, callback: (cause: unknown) => void): () => void {
  const timer = setTimeout(() => end(new DOMException('no response in time', 'TimeoutError')), limit.timeoutMs);
  const removeListener = limit.onDone((cause) => end(cause));
  const stop = () => {
    clearTimeout(timer);
    removeListener();
  };
  const end = (cause: unknown) => {
    stop();
    callback(cause);
  };
  return stop;
}
