/** How long somebody waits for an answer. */
export interface WaitLimit {
  /** Until when, in milliseconds of `performance.now()`. */
  readonly until: number;
  /** Aborts when they wait no more. */
  readonly caller: AbortSignal | undefined;
}

/**
 * Tells when the time is over or the caller waits no more.
 *
 * @returns to be called when the wait has ended otherwise
 */
export function onTimeoutOrAbort({ until, caller }: WaitLimit, giveUp: (cause: unknown) => void): () => void {
  const timer = setTimeout(
    () => stop(new DOMException('no answer in time', 'TimeoutError')),
    until - performance.now(),
  );
  const leave = () => stop(caller?.reason);
  const settle = () => {
    clearTimeout(timer);
    caller?.removeEventListener('abort', leave);
  };
  const stop = (cause: unknown) => {
    settle();
    giveUp(cause);
  };
  caller?.addEventListener('abort', leave);
  return settle;
}
