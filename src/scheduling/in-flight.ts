/** Counts the operations in flight. */
export interface InFlightCounter {
  /** Counts one operation until the returned function is called, which must happen once. */
  add(): () => void;
  /** Resolves when no operation is in flight. */
  whenIdle(): Promise<void>;
}

/** Creates a counter at zero. */
export function createInFlightCounter(): InFlightCounter {
  let count = 0;
  let waiters: (() => void)[] = [];
  const done = () => {
    count--;
    if (count > 0) return;
    for (const resolve of waiters) resolve();
    waiters = [];
  };
  return {
    add() {
      count++;
      return done;
    },
    whenIdle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}
