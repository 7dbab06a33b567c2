/** Longer waits are shortened to one day. */
const maxWaitMs = 86_400_000;

/**
 * Parses a `Retry-After` (RFC 9110, 10.2.3) in the forms that Graph sends: seconds, fractions of a second, or an HTTP
 * date.
 *
 * @returns milliseconds from now, never negative; `undefined` if there is none or it cannot be parsed
 */
export function parseRetryAfter(value: unknown, now = Date.now()): number | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.min(maxWaitMs, Math.ceil(Number(text) * 1000));
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(maxWaitMs, Math.max(0, date - now));
}

/**
 * How long to wait before the next attempt: Graph's `Retry-After`, otherwise exponential backoff with jitter.
 *
 * @param attempt the number of attempts so far, from 1
 * @returns milliseconds, with a minimum that grows per attempt so that `Retry-After: 0` cannot cause a busy loop
 */
export function waitBefore(attempt: number, retryAfterMs: number | undefined, random = Math.random()): number {
  const doubled = 2 ** Math.min(attempt - 1, 8);
  const backoffMs = Math.min(500 * doubled, 10_000) * (0.5 + random / 2);
  return retryAfterMs === undefined ? backoffMs : Math.max(50 * doubled, retryAfterMs);
}
