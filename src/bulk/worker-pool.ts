/** The progress of a pool. */
export interface Progress {
  readonly type: 'progress';
  readonly done: number;
  readonly total: number;
}

/** The options of {@link runPool}. */
export interface PoolOptions<Item, T> {
  readonly items: readonly Item[];
  /** Processes one item, and calls `onSent` once when it no longer waits to be sent. Never rejects. */
  readonly run: (item: Item, index: number, onSent: () => void) => Promise<T>;
  /** Called when the reader has received that many results. */
  readonly onRead: (this: void, count: number) => void;
  /** Called once, when no further item will be started. */
  readonly onStop: (this: void) => void;
  /** Aborts when the results are no longer needed. */
  readonly signal: AbortSignal | undefined;
}

/** A running pool. */
export interface PoolRun<T> {
  /**
   * The results in the order in which they settle, with the progress in between. The work starts with the first read.
   */
  readonly results: AsyncIterable<T | Progress>;
  /** Starts an item before the others, unless it has already started. */
  startNow(index: number): void;
}

/** The maximum number of items that are in progress or have an unread result. Graph's quota allows fewer. */
const maxStarted = 1_000;

/**
 * The maximum number of items that have started and wait to be sent: three batches. Once started, an item takes ten
 * times as much memory.
 */
const maxUnsent = 60;

/** The number of items that start in one iteration of the event loop: one batch. */
const sliceSize = 20;

/**
 * Processes many items concurrently and yields each result as it settles. A slow reader slows the work down
 * (backpressure). When the reader stops early, no further item starts.
 */
export function runPool<Item, T>({ items, run, onRead, onStop, signal }: PoolOptions<Item, T>): PoolRun<T> {
  const total = items.length;
  const isStarted = new Uint8Array(total);
  let settled: T[] = [];
  let next = 0;
  let started = 0;
  let unsent = 0;
  let read = 0;
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
    started++;
    unsent++;
    void process(item, index);
  }

  async function process(item: Item, index: number): Promise<void> {
    let isSent = false;
    const onSent = () => {
      if (isSent) return;
      isSent = true;
      unsent--;
      startMore();
    };
    const result = await run(item, index, onSent);
    settled.push(result);
    onSent();
    wakeReader?.();
  }

  const mayStart = () => next < total && unsent < maxUnsent && started - read < maxStarted;

  /** Starts as many items as the limits allow, one slice per iteration of the event loop. */
  function startMore(): void {
    if (isStopped || nextSlice !== undefined) return;
    for (let count = 0; mayStart(); count++) {
      if (count === sliceSize) {
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
  async function hasSettled(): Promise<void> {
    if (settled.length > 0 || isStopped) return;
    await new Promise<void>((resolve) => {
      wakeReader = () => {
        wakeReader = undefined;
        setImmediate(resolve);
      };
    });
  }

  async function* readResults(): AsyncGenerator<T | Progress, void> {
    try {
      yield { type: 'progress', done: 0, total };
      startMore();
      while (read < total) {
        await hasSettled();
        if (isStopped) return;
        const results = settled;
        settled = [];
        for (const result of results) {
          yield result;
          read++;
        }
        onRead(results.length);
        yield { type: 'progress', done: read, total };
        startMore();
      }
    } finally {
      stop();
    }
  }

  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop);
  return { startNow, results: readResults() };
}
