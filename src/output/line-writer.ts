import { close as closeFile, write as writeBytes } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LineChunk, type MissingLines, OutputError, type QueuedLine, separateLines } from './line-chunk.js';

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

/**
 * Waiting is measured in ticks of this many milliseconds, in which the event loop runs: a process that was suspended, or
 * got no processor time, has not waited for its output.
 */
const tickMs = 250;

/** The longest time that a line may wait: a second. */
const maxTicks = 4;

/** The time between attempts on an output that has failed, in milliseconds. */
const retryMs = 1_000;

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
  let appended: QueuedLine[] = [];
  let droppable: QueuedLine[] = [];
  /** The characters in `droppable`. */
  let buffered = 0;
  let chunk: LineChunk | undefined;
  let isWriting = false;
  let isScheduled = false;
  let isDown = false;
  let isClosed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  let watchTimer: NodeJS.Timeout | undefined;
  /** Counted while lines are pending. */
  let ticks = 0;
  /** When bytes were written last, by `performance.now()`. */
  let progressAt = 0;
  let dropped = 0;
  let failed = 0;
  let reported: MissingLines = { dropped, failed };
  if (options.isTorn) {
    appended.push(createLine('\n', 'kept'));
    schedule();
  }

  function createLine(text: string, kind: QueuedLine['kind'], settle?: QueuedLine['settle']): QueuedLine {
    return { text, kind, queuedAt: ticks, settle };
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
  function createChunk(): LineChunk {
    const lines: QueuedLine[] = [];
    if (isDown || dropped > reported.dropped) lines.push(createLine(report(), 'report'));
    lines.push(...appended);
    appended = [];
    let size = 0;
    let count = 0;
    while (size < maxDroppablePerWrite && count < droppable.length) size += droppable[count++]?.text.length ?? 0;
    buffered -= size;
    lines.push(...droppable.splice(0, count));
    const bytes = Buffer.from(lines.map(({ text }) => text).join(''));
    return { lines, bytes, isProbe: isDown, reported: { dropped, failed }, offset: 0, progressAt: ticks };
  }

  function writeChunk(current: LineChunk): void {
    const { bytes, offset } = current;
    isWriting = true;
    writeBytes(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      isWriting = false;
      if (error !== null) return fail(error);
      current.offset += written;
      if (written > 0) {
        current.progressAt = ticks;
        progressAt = performance.now();
      }
      if (current.offset === bytes.length) complete(current);
      else if (written > 0) writeChunk(current);
      else retryAfter(pollMs);
    });
  }

  function complete(current: LineChunk): void {
    chunk = undefined;
    for (const { settle } of current.lines) settle?.();
    if (current.lines[0]?.kind === 'report') reported = current.reported;
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
    retryAfter(retryMs);
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
    for (const line of chunk?.lines ?? []) if (line.kind === 'appended') reject(line, cause, true);
    const waiting = appended.filter(({ kind }) => kind === 'appended');
    appended = appended.filter(({ kind }) => kind !== 'appended');
    for (const line of waiting) reject(line, cause, false);
  }

  /** Returns the lines of a failed write to their queues. */
  function putBack(): void {
    if (chunk === undefined) return;
    const { torn, unwritten } = separateLines(chunk);
    chunk = torn;
    const logged = unwritten.filter(({ kind }) => kind === 'droppable');
    droppable = [...logged, ...droppable];
    for (const { text } of logged) buffered += text.length;
    appended = [...unwritten.filter(({ kind }) => kind === 'appended' || kind === 'kept'), ...appended];
  }

  function reject(line: QueuedLine, cause: unknown, mayBeWritten: boolean): void {
    if (line.settle === undefined) return;
    failed++;
    line.settle(new OutputError(cause, mayBeWritten));
    line.settle = undefined;
  }

  /** Checks, while lines are pending, whether they are written in time. */
  function watch(): void {
    if (watchTimer !== undefined) return;
    watchTimer = setTimeout(() => {
      // After a delay of the event loop, the writes that have ended in the meantime are handled first.
      setImmediate(() => {
        watchTimer = undefined;
        if (!isPending()) return;
        ticks++;
        checkAges();
        watch();
      });
    }, tickMs).unref();
  }

  function checkAges(): void {
    const isLate = ({ settle, queuedAt }: QueuedLine) => settle !== undefined && ticks - queuedAt > maxTicks;
    const late = [...(chunk?.lines ?? []), ...appended].filter(isLate);
    const isBlocked = chunk !== undefined && ticks - chunk.progressAt > maxTicks;
    if (!isDown && (isBlocked || late.length > 0)) {
      goDown(Object.assign(new Error('the output was blocked for a second'), { code: 'EAGAIN' }));
      if (!isWriting) retryAfter(retryMs);
    }
    for (const line of late) reject(line, new Error('the output is down'), true);
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
      const queued = createLine(formatted(line), 'droppable');
      droppable.push(queued);
      buffered += queued.text.length;
      schedule();
    },
    append(line, isKept = false) {
      if (isClosed || (isDown && !isKept)) {
        failed++;
        return Promise.reject(new OutputError(new Error('the output is down'), false));
      }
      return new Promise((resolve, rejectPromise) => {
        const settle = (error?: OutputError) => (error === undefined ? resolve() : rejectPromise(error));
        appended.push(createLine(formatted(line), isKept ? 'kept' : 'appended', settle));
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
