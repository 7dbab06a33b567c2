/** How far the work is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What is done with many things. */
export interface PoolWork<Item, T> {
  readonly items: readonly Item[];
  /** Does it for one of them; never rejects. */
  readonly run: (item: Item, index: number) => Promise<T>;
  /** Called once: nothing more will be begun. */
  readonly onStop: (this: void) => void;
  /** Aborts when nobody waits for the results any more. */
  readonly signal: AbortSignal | undefined;
}

/** The results, in the order in which they settle. */
export interface PoolRun<T> {
  readonly results: AsyncIterable<T | Progress>;
  /** Begins with one out of turn. */
  startNow(index: number): void;
}

/** As many are worked on at a time: 50 batches of Graph's 20, which only a Graph without a quota is ever sent at once. */
const concurrency = 1_000;

/** As many are begun in one turn of the event loop. */
const sliceSize = 20;

/** No more are begun while so many results wait to be read. */
const maxUnread = 1_000;

/**
 * Works on many things side by side, and tells each result as it settles and in between how far it is. A slow reader
 * slows the work; one that goes away ends it with what is under way.
 */
export function runPool<Item, T>({ items, run, onStop: end, signal }: PoolWork<Item, T>): PoolRun<T> {
  const total = items.length;
  const begun = new Uint8Array(total);
  let unread: T[] = [];
  let next = 0;
  let underWay = 0;
  let stopped = false;
  let more: NodeJS.Immediate | undefined;
  let wake: (() => void) | undefined;

  function stop(): void {
    if (stopped) return;
    stopped = true;
    // Signals of `AbortSignal.any` live for as long as anybody listens to them.
    signal?.removeEventListener('abort', stop);
    end();
    wake?.();
  }

  function begin(index: number): void {
    const item = items[index];
    if (stopped || item === undefined || begun[index] !== 0) return;
    begun[index] = 1;
    underWay++;
    void settle(item, index);
  }

  async function settle(item: Item, index: number): Promise<void> {
    const result = await run(item, index);
    underWay--;
    unread.push(result);
    fill();
    wake?.();
  }

  /** Begins what there is room for, in slices, so that others get a word in. */
  function fill(): void {
    if (stopped || more !== undefined) return;
    for (let slice = 0; next < total && underWay < concurrency && unread.length < maxUnread; slice++) {
      if (slice === sliceSize) {
        more = setImmediate(() => {
          more = undefined;
          fill();
        });
        return;
      }
      begin(next++);
    }
  }

  /** Resolves when there is something to read; what settles together is read together. */
  async function settled(): Promise<void> {
    if (unread.length > 0 || stopped) return;
    await new Promise<void>((resolve) => {
      wake = () => {
        wake = undefined;
        setImmediate(resolve);
      };
    });
  }

  async function* read(): AsyncGenerator<T | Progress, void> {
    try {
      let done = 0;
      yield { done, total };
      fill();
      while (done < total) {
        await settled();
        if (stopped) return;
        const results = unread;
        unread = [];
        yield* results;
        done += results.length;
        yield { done, total };
        fill();
      }
    } finally {
      stop();
    }
  }

  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop);
  return { startNow: begin, results: read() };
}
