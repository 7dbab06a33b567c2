/** The progress of a pool. */
export interface Progress {
  readonly type: 'progress';
  readonly done: number;
  readonly total: number;
}

/** The options of {@link runPool}. */
export interface PoolOptions<Item, T> {
  readonly items: readonly Item[];
  /** Processes one item. Never rejects. */
  readonly run: (item: Item, index: number) => Promise<T>;
  /** Called once, when no further item will be started. */
  readonly onStop: (this: void) => void;
  /** Aborts when the results are no longer needed. */
  readonly signal: AbortSignal | undefined;
}

/** A running pool. */
export interface PoolRun<T> {
  /** The results in the order in which they settle, with the progress in between. The work starts with the first read. */
  readonly results: AsyncIterable<T | Progress>;
  /** Starts an item before the others, unless it has already started. */
  startNow(index: number): void;
}

/** The maximum number of items in progress: 50 batches of 20. Graph's quota allows fewer. */
const concurrency = 1_000;

/** The number of items that start in one iteration of the event loop: one batch. */
const sliceSize = 20;

/** No further item starts while this many results are unread. */
const maxUnread = 1_000;

/**
 * Processes many items concurrently and yields each result as it settles. A slow reader slows the work down
 * (backpressure). When the reader stops early, no further item starts.
 */
export function runPool<Item, T>({ items, run, onStop, signal }: PoolOptions<Item, T>): PoolRun<T> {
  const total = items.length;
  const isStarted = new Uint8Array(total);
  let unread: T[] = [];
  let next = 0;
  let inProgress = 0;
  let isStopped = false;
  let nextSlice: NodeJS.Immediate | undefined;
  let wakeReader: (() => void) | undefined;

  function stop(): void {
    if (isStopped) return;
    isStopped = true;
    signal?.removeEventListener('abort', stop);
    onStop();
    wakeReader?.();
  }

  function startNow(index: number): void {
    const item = items[index];
    if (isStopped || item === undefined || isStarted[index] !== 0) return;
    isStarted[index] = 1;
    inProgress++;
    void process(item, index);
  }

  async function process(item: Item, index: number): Promise<void> {
    const result = await run(item, index);
    inProgress--;
    unread.push(result);
    startMore();
    wakeReader?.();
  }

  /** Starts as many items as the limits allow, one slice per iteration of the event loop. */
  function startMore(): void {
    if (isStopped || nextSlice !== undefined) return;
    for (let started = 0; next < total && inProgress < concurrency && unread.length < maxUnread; started++) {
      if (started === sliceSize) {
        nextSlice = setImmediate(() => {
          nextSlice = undefined;
          startMore();
        });
        return;
      }
      startNow(next++);
    }
  }

  /** Resolves when there is something to read. Results that settle together are read together. */
  async function hasUnread(): Promise<void> {
    if (unread.length > 0 || isStopped) return;
    await new Promise<void>((resolve) => {
      wakeReader = () => {
        wakeReader = undefined;
        setImmediate(resolve);
      };
    });
  }

  async function* read(): AsyncGenerator<T | Progress, void> {
    try {
      let done = 0;
      yield { type: 'progress', done, total };
      startMore();
      while (done < total) {
        await hasUnread();
        if (isStopped) return;
        const results = unread;
        unread = [];
        yield* results;
        done += results.length;
        yield { type: 'progress', done, total };
        startMore();
      }
    } finally {
      stop();
    }
  }

  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop);
  return { startNow, results: read() };
}
