import { setTimeout as sleep } from 'node:timers/promises';
import { type LineChunk, OutputError, rewindLine } from './line-chunk.js';
import { createLineQueue } from './line-queue.js';
import { createOutputFile } from './output-file.js';
import { createTickClock } from './tick-clock.js';

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
  /** Whether {@link LineWriter.close} closes the file descriptor. */
  readonly isOwned?: boolean;
}

/** The longest time that a line may wait, in ticks: a second. */
const maxTicks = 4;

/** The time between attempts on an output that has failed, in milliseconds. */
const retryMs = 1_000;

/** The time between attempts on a full pipe, in milliseconds. */
const pollMs = 10;

/** {@link LineWriter.close} ends when nothing could be written for this time, in ticks: three seconds. */
const closeAfterTicks = 12;

/**
 * Creates a writer. It makes one asynchronous write at a time, of everything that is queued. A line that was written in
 * part continues where it stopped before any other line, so that lines stay whole.
 */
export function createLineWriter(options: LineWriterOptions): LineWriter {
  const { fd, format = (line) => line, isOwned, onDown, reportFields } = options;
  const file = createOutputFile(fd);
  let chunk: LineChunk | undefined;
  let isScheduled = false;
  let isDown = false;
  let isClosed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  /** When bytes were written last, in ticks. */
  let progressAt = 0;
  const clock = createTickClock(() => {
    if (isPending()) checkAges();
    return isPending();
  });
  const queue = createLineQueue(
    () => clock.now,
    (missing) => {
      const msg = 'the output was interrupted: lines are missing';
      return format(`${JSON.stringify({ level: 40, time: Date.now(), ...reportFields, ...missing, msg })}\n`);
    },
  );

  function isPending(): boolean {
    return chunk !== undefined || !queue.isEmpty;
  }

  /**
   * Writes at the end of this iteration of the event loop, so that lines of the same iteration are written together.
   */
  function schedule(): void {
    clock.start();
    if (isScheduled || chunk !== undefined || retryTimer !== undefined) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (chunk === undefined && retryTimer === undefined) next();
    });
  }

  function next(): void {
    // The new file gets the whole of a line that the previous one has in part.
    if (file.applyReplacement() && chunk !== undefined) rewindLine(chunk);
    if (chunk === undefined && (isDown || isPending())) chunk = queue.takeChunk(isDown);
    if (chunk !== undefined) writeChunk(chunk);
  }

  function writeChunk(current: LineChunk): void {
    const { bytes, offset } = current;
    file.write(bytes, offset, (error, written) => {
      if (error !== null) return fail(error);
      current.offset += written;
      if (written > 0) progressAt = clock.now;
      if (current.offset === bytes.length) complete(current);
      else if (written > 0) writeChunk(current);
      else retryAfter(pollMs);
    });
  }

  function complete(current: LineChunk): void {
    chunk = undefined;
    queue.confirm(current);
    if (current.isProbe) isDown = false;
    if (isDown) next();
    else if (file.hasReplacement || isPending()) schedule();
  }

  function fail(error: NodeJS.ErrnoException): void {
    const isFull = error.code === 'EAGAIN' && !isDown;
    if (!isFull) goDown(error);
    retryAfter(isFull ? pollMs : retryMs);
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
    if (!file.isWriting && chunk !== undefined) chunk = queue.putBack(chunk);
    for (const line of chunk?.lines ?? []) if (line.kind === 'appended') queue.reject(line, cause, true);
    queue.rejectAppended(cause);
  }

  /** Checks whether lines are written in time. */
  function checkAges(): void {
    const limit = clock.now - maxTicks;
    const late = queue.waitingSince(limit, chunk);
    const isBlocked = chunk !== undefined && Math.max(progressAt, chunk.createdAt) < limit;
    if (!isDown && (isBlocked || late.length > 0)) {
      goDown(Object.assign(new Error('the output was blocked for a second'), { code: 'EAGAIN' }));
      if (!file.isWriting) retryAfter(retryMs);
    }
    for (const line of late) queue.reject(line, new Error('the output is down'), true);
  }

  return {
    write(line) {
      if (isClosed) return queue.count('dropped');
      queue.add(format(line));
      schedule();
    },
    append(line, isKept = false) {
      if (isClosed || (isDown && !isKept)) {
        queue.count('failed');
        return Promise.reject(new OutputError(new Error('the output is down'), false));
      }
      return new Promise((resolve, reject) => {
        const settle = (error?: OutputError) => (error === undefined ? resolve() : reject(error));
        queue.append(format(line), isKept ? 'kept' : 'appended', settle);
        schedule();
      });
    },
    get isUp() {
      return !isDown;
    },
    get dropped() {
      return queue.dropped;
    },
    get failed() {
      return queue.failed;
    },
    replace(replacement) {
      file.replaceBy(replacement);
      if (!file.isWriting && retryTimer === undefined) next();
    },
    async close() {
      const startedAt = clock.now;
      while (isPending() && clock.now - Math.max(progressAt, startedAt) < closeAfterTicks) await sleep(pollMs);
      isClosed = true;
      clearTimeout(retryTimer);
      clock.stop();
      if (isOwned) file.close();
    },
  };
}
