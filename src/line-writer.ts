import { close as closeFile, write as writeBytes } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line could not be written in time, or its output has failed. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  /** Whether the line may be in the output, or may still get there. */
  readonly mayBeWritten: boolean;

  constructor(cause: unknown, mayBeWritten: boolean) {
    super('the output cannot be written', { cause });
    this.mayBeWritten = mayBeWritten;
  }
}

/** Writes whole lines to one file descriptor, which no one else may write to. Never blocks the event loop. */
export interface LineWriter {
  /** Queues a line that may be dropped: it is counted and left out if the buffer is full. */
  write(line: string): void;
  /**
   * Resolves when the operating system has taken the line. Lines that are appended in the same iteration of the event
   * loop are written together, before lines of {@link LineWriter.write}.
   *
   * @param isKept whether the line waits in memory after a failure, until it can be written
   * @throws {OutputError} after 1 s, or at once while the output has failed and the line is not kept
   */
  append(line: string, isKept?: boolean): Promise<void>;
  /** Whether lines can be written: false from a failure, or from the end of a blocked second, to the next success. */
  readonly isUp: boolean;
  /** The number of lines that were dropped because the buffer was full. */
  readonly dropped: number;
  /** The number of appended lines that were not written in time. */
  readonly failed: number;
  /** Writes to another file descriptor from the next line on, and closes the previous one. For log rotation. */
  replace(fd: number): void;
  /** Resolves when all lines are written, or when none could be written for 3 s. */
  close(): Promise<void>;
}

/** The options of {@link createLineWriter}. */
export interface LineWriterOptions {
  readonly fd: number;
  /** Formats each line before it is written. */
  readonly format?: (line: string) => string;
  /** Called when the output starts to fail. */
  readonly onDown?: (cause: unknown) => void;
  /** Fields of the line that reports an interruption. */
  readonly reportFields?: object;
  /** Whether the output ends with an incomplete line. */
  readonly isTorn?: boolean;
  /** Whether {@link LineWriter.close} closes the file descriptor. */
  readonly isOwned?: boolean;
}

interface Entry {
  readonly text: string;
  readonly kind: 'droppable' | 'waiting' | 'kept' | 'report';
  readonly queuedAt: number;
  settle: ((error?: OutputError) => void) | undefined;
}

interface Chunk {
  readonly entries: readonly Entry[];
  readonly bytes: Buffer;
  /** Shows whether an output that was down is up again. */
  readonly isProbe: boolean;
  /** The counts in the report that it begins with. */
  readonly reported: Counts;
  /** The number of bytes that are written. */
  offset: number;
  progressAt: number;
}

interface Counts {
  readonly dropped: number;
  readonly failed: number;
}

/** The longest time that a line may wait, in milliseconds, and the time between attempts on an output that has failed. */
const limitMs = 1_000;

/** The time between attempts on a full pipe, in milliseconds. */
const pollMs = 10;

/** Droppable lines wait in a buffer of this many characters. */
const maxBuffered = 4 * 1024 * 1024;

/** The characters of droppable lines in one write: appended lines do not wait longer than for one of these. */
const maxDroppablePerWrite = 64 * 1024;

/** {@link LineWriter.close} ends when nothing could be written for this time, in milliseconds. */
const closeAfterMs = 3_000;

/**
 * Creates a writer. It makes one asynchronous write at a time, of everything that is queued. A line that was written in
 * part continues where it stopped before any other line, so that lines stay whole.
 */
export function createLineWriter(options: LineWriterOptions): LineWriter {
  const { format, onDown, reportFields } = options;
  let { fd } = options;
  let nextFd: number | undefined;
  let appended: Entry[] = [];
  let droppable: Entry[] = [];
  /** The characters in `droppable`. */
  let buffered = 0;
  let chunk: Chunk | undefined;
  let isWriting = false;
  let isScheduled = false;
  let isDown = false;
  let isClosed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  let watchTimer: NodeJS.Timeout | undefined;
  let progressAt = 0;
  let dropped = 0;
  let failed = 0;
  let reported: Counts = { dropped, failed };
  if (options.isTorn) {
    appended.push(createEntry('\n', 'kept'));
    schedule();
  }

  function isPending(): boolean {
    return chunk !== undefined || appended.length > 0 || droppable.length > 0;
  }

  /** Writes at the end of this iteration of the event loop, so that lines of the same iteration are written together. */
  function schedule(): void {
    watch();
    if (isScheduled || chunk !== undefined || retryTimer !== undefined) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (chunk === undefined && retryTimer === undefined) next();
    });
  }

  function next(): void {
    if (nextFd !== undefined) replaceFd(nextFd);
    if (chunk === undefined && (isDown || isPending())) chunk = createChunk();
    if (chunk !== undefined) writeChunk(chunk);
  }

  /** Takes lines from the queues: all that were appended, and droppable ones up to a limit. */
  function createChunk(): Chunk {
    const entries: Entry[] = [];
    if (isDown || dropped > reported.dropped) entries.push(createEntry(report(), 'report'));
    entries.push(...appended);
    appended = [];
    let size = 0;
    let count = 0;
    while (size < maxDroppablePerWrite && count < droppable.length) size += droppable[count++]?.text.length ?? 0;
    buffered -= size;
    entries.push(...droppable.splice(0, count));
    const bytes = Buffer.from(entries.map(({ text }) => text).join(''));
    return { entries, bytes, isProbe: isDown, reported: { dropped, failed }, offset: 0, progressAt: performance.now() };
  }

  function writeChunk(current: Chunk): void {
    const { bytes, offset } = current;
    isWriting = true;
    writeBytes(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      isWriting = false;
      if (error !== null) return fail(error);
      current.offset += written;
      if (written > 0) {
        current.progressAt = performance.now();
        progressAt = current.progressAt;
      }
      if (current.offset === bytes.length) complete(current);
      else if (written > 0) writeChunk(current);
      else retryAfter(pollMs);
    });
  }

  function complete(current: Chunk): void {
    chunk = undefined;
    for (const { settle } of current.entries) settle?.();
    if (current.entries[0]?.kind === 'report') reported = current.reported;
    if (current.isProbe) isDown = false;
    if (isDown) next();
    else if (nextFd !== undefined || isPending()) schedule();
  }

  function fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN' && !isDown) {
      retryAfter(pollMs);
      return;
    }
    goDown(error);
    retryAfter(limitMs);
  }

  function retryAfter(ms: number): void {
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      next();
    }, ms);
  }

  function goDown(cause: unknown): void {
    if (!isDown) onDown?.(cause);
    isDown = true;
    if (!isWriting) putBack();
    for (const entry of chunk?.entries ?? []) if (entry.kind === 'waiting') reject(entry, cause, true);
    const waiting = appended.filter(({ kind }) => kind === 'waiting');
    appended = appended.filter(({ kind }) => kind !== 'waiting');
    for (const entry of waiting) reject(entry, cause, false);
  }

  /** Returns the lines of a failed write to their queues. A line that was written in part stays, and is continued. */
  function putBack(): void {
    if (chunk === undefined) return;
    const { entries, ...failedChunk } = chunk;
    chunk = undefined;
    const unwritten: Entry[] = [];
    let end = 0;
    for (const entry of entries) {
      const bytes = Buffer.from(entry.text);
      const start = end;
      end += bytes.length;
      if (end <= failedChunk.offset) entry.settle?.();
      else if (start >= failedChunk.offset) unwritten.push(entry);
      else chunk = { ...failedChunk, entries: [entry], bytes, isProbe: false, offset: failedChunk.offset - start };
    }
    const lines = unwritten.filter(({ kind }) => kind === 'droppable');
    droppable = [...lines, ...droppable];
    for (const { text } of lines) buffered += text.length;
    appended = [...unwritten.filter(({ kind }) => kind === 'waiting' || kind === 'kept'), ...appended];
  }

  function reject(entry: Entry, cause: unknown, mayBeWritten: boolean): void {
    if (entry.settle === undefined) return;
    failed++;
    entry.settle(new OutputError(cause, mayBeWritten));
    entry.settle = undefined;
  }

  /** Checks, while lines are pending, whether they are written in time. */
  function watch(): void {
    if (watchTimer !== undefined) return;
    watchTimer = setTimeout(() => {
      // After a delay of the event loop, the writes that have ended in the meantime are handled first.
      setImmediate(() => {
        watchTimer = undefined;
        if (!isPending()) return;
        checkAges();
        watch();
      });
    }, limitMs / 4).unref();
  }

  function checkAges(): void {
    const now = performance.now();
    const isLate = ({ settle, queuedAt }: Entry) => settle !== undefined && now - queuedAt >= limitMs;
    const late = [...(chunk?.entries ?? []), ...appended].filter(isLate);
    const isBlocked = chunk !== undefined && now - chunk.progressAt >= limitMs;
    if (!isDown && (isBlocked || late.length > 0)) {
      goDown(Object.assign(new Error('the output was blocked for a second'), { code: 'EAGAIN' }));
      if (!isWriting) retryAfter(limitMs);
    }
    for (const entry of late) reject(entry, new Error('the output is down'), true);
  }

  function report(): string {
    const counts = { dropped: dropped - reported.dropped, failed: failed - reported.failed };
    const msg = 'the output was interrupted: lines are missing';
    return formatted(`${JSON.stringify({ level: 40, time: Date.now(), ...reportFields, ...counts, msg })}\n`);
  }

  function replaceFd(replacement: number): void {
    closeFile(fd, () => undefined);
    fd = replacement;
    nextFd = undefined;
    // The new file gets the whole of a line that the previous one has in part.
    if (chunk !== undefined && chunk.offset > 0) chunk.offset = chunk.bytes.lastIndexOf(10, chunk.offset - 1) + 1;
  }

  const formatted = (line: string) => (format === undefined ? line : format(line));

  return {
    write(line) {
      if (buffered > maxBuffered || isClosed) {
        dropped++;
        return;
      }
      const entry = createEntry(formatted(line), 'droppable');
      droppable.push(entry);
      buffered += entry.text.length;
      schedule();
    },
    append(line, isKept = false) {
      if (isClosed || (isDown && !isKept)) {
        failed++;
        return Promise.reject(new OutputError(new Error('the output is down'), false));
      }
      return new Promise((resolve, rejectPromise) => {
        const settle = (error?: OutputError) => (error === undefined ? resolve() : rejectPromise(error));
        appended.push(createEntry(formatted(line), isKept ? 'kept' : 'waiting', settle));
        schedule();
      });
    },
    get isUp() {
      return !isDown;
    },
    get dropped() {
      return dropped;
    },
    get failed() {
      return failed;
    },
    replace(replacement) {
      if (nextFd !== undefined) closeFile(nextFd, () => undefined);
      nextFd = replacement;
      if (!isWriting && retryTimer === undefined) next();
    },
    async close() {
      const startedAt = performance.now();
      while (isPending() && performance.now() - Math.max(progressAt, startedAt) < closeAfterMs) await sleep(pollMs);
      isClosed = true;
      clearTimeout(retryTimer);
      clearTimeout(watchTimer);
      if (options.isOwned) closeFile(fd, () => undefined);
    },
  };
}

function createEntry(text: string, kind: Entry['kind'], settle?: Entry['settle']): Entry {
  return { text, kind, queuedAt: performance.now(), settle };
}
