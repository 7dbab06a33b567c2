/** Nobody waits for longer than a day. */
const longestMs = 86_400_000;

/**
 * Reads a `Retry-After` (RFC 9110, 10.2.3) in all the forms that Graph has been seen to send: seconds, fractions of
 * a second, an HTTP date.
 *
 * @returns milliseconds from now, never negative; `undefined` when there is none that can be read
 */
export function parseRetryAfter(value: unknown, now = Date.now()): number | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.min(longestMs, Math.ceil(Number(text) * 1000));
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(longestMs, Math.max(0, date - now));
}

/**
 * How long to wait before the next attempt: what Graph asked for, otherwise exponential backoff with jitter.
 *
 * @param attempt how many attempts there have been, from 1
 * @returns milliseconds; never so few, attempt after attempt, that `Retry-After: 0` could become a busy loop
 */
export function waitBefore(attempt: number, retryAfterMs: number | undefined, random = Math.random()): number {
  const doubled = 2 ** Math.min(attempt - 1, 8);
  const backoffMs = Math.min(500 * doubled, 10_000) * (0.5 + random / 2);
  return retryAfterMs === undefined ? backoffMs : Math.max(50 * doubled, retryAfterMs);
}
