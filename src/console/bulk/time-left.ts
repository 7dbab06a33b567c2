/** Graph takes writes in windows of 20 s, most of them at the start of each; on average half a window lies ahead. */
const halfWindowMs = 10_000;

/** Before that, nothing can be said. */
const earliestMs = 5_000;

/**
 * How long the rest takes at the pace of the whole run so far, in words; nothing while it is too early to say.
 *
 * @param elapsedMs since the run began
 */
export function timeLeft(done: number, total: number, elapsedMs: number): string | undefined {
  if (done === 0 || done >= total || elapsedMs < earliestMs) return undefined;
  const leftMs = ((total - done) * (elapsedMs + halfWindowMs)) / done;
  const minutes = Math.round(leftMs / 60_000);
  if (leftMs < 45_000) return 'less than a minute left';
  if (minutes <= 90) return minutes <= 1 ? 'about a minute left' : `about ${minutes} minutes left`;
  return `about ${Math.round(minutes / 60)} hours left`;
}
