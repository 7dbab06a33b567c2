/**
 * Graph's rate limit has windows of 20 s, and most writes are sent when one starts: on average, half a window remains.
 */
const halfWindowMs = 10_000;

/** Earlier estimates would be unreliable. */
const minElapsedMs = 5_000;

/**
 * Estimates the remaining time from the average rate so far. Returns `undefined` while there are too few results for an
 * estimate.
 *
 * @param elapsedMs milliseconds since the bulk update started
 */
export function timeLeft(done: number, total: number, elapsedMs: number): string | undefined {
  if (done === 0 || done >= total || elapsedMs < minElapsedMs) return undefined;
  const leftMs = ((total - done) * (elapsedMs + halfWindowMs)) / done;
  const minutes = Math.round(leftMs / 60_000);
  if (leftMs < 45_000) return 'less than a minute left';
  if (minutes <= 90) return minutes <= 1 ? 'about a minute left' : `about ${minutes} minutes left`;
  return `about ${Math.round(minutes / 60)} hours left`;
}
