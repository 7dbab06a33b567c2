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
