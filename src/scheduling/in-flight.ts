/** Counts what is under way. */
export interface InFlightCounter {
  /** @returns to be called when it is over */
  enter(): () => void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** Makes a tally. */
export function createInFlightCounter(): InFlightCounter {
  let count = 0;
  let onIdle: (() => void)[] = [];
  const leave = () => {
    count--;
    if (count > 0) return;
    for (const tell of onIdle) tell();
    onIdle = [];
  };
  return {
    enter() {
      count++;
      return leave;
    },
    idle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
  };
}
