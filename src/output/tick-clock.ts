/**
 * Measures waiting in ticks, in which the event loop runs: a process that was suspended, or got no processor time, has
 * not waited for its output.
 */
export interface TickClock {
  /** The number of ticks so far. */
  readonly now: number;
  /** Starts to count, unless it does already. */
  start(): void;
  stop(): void;
}

/** The length of a tick in milliseconds. */
const tickMs = 250;

/** Creates a clock. @param onTick called after each tick. @returns whether to count the next one */
export function createTickClock(onTick: () => boolean): TickClock {
  let now = 0;
  let timer: NodeJS.Timeout | undefined;

  function start(): void {
    timer ??= setTimeout(() => {
      // After a delay of the event loop, the writes that have ended in the meantime are handled first.
      setImmediate(() => {
        timer = undefined;
        now++;
        if (onTick()) start();
      });
    }, tickMs).unref();
  }

  return {
    get now() {
      return now;
    },
    start,
    stop: () => clearTimeout(timer),
  };
}
