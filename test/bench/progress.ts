/** Writes a progress message with the elapsed time to stderr. */
export function progress(text: string): void {
  const seconds = Math.round(performance.now() / 1000);
  process.stderr.write(`${String(seconds).padStart(4)} s  ${text}\n`);
}
