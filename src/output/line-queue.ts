import { type LineChunk, type MissingLines, OutputError, type QueuedLine, separateLines } from './line-chunk.js';

/** Droppable lines wait in a buffer of this many characters. */
const maxBuffered = 4 * 1024 * 1024;

/** The characters of droppable lines in one write: appended lines do not wait longer than for one of these. */
const maxDroppablePerWrite = 64 * 1024;

/** The lines that wait for an output, in the order of writing, and the numbers of lines that are missing in it. */
export interface LineQueue {
  readonly isEmpty: boolean;
  /** The number of lines that were dropped because the buffer was full. */
  readonly dropped: number;
  /** The number of lines that were rejected. */
  readonly failed: number;
  /** Adds a line that may be dropped. */
  add(text: string): void;
  /** Adds a line that is written before droppable ones. @param settle called once */
  append(text: string, kind: 'appended' | 'kept', settle?: QueuedLine['settle']): void;
  /** Counts a line that is not added. */
  count(what: 'dropped' | 'failed'): void;
  /** Takes all appended lines, and droppable ones up to a limit. A report of missing lines comes first. */
  takeChunk(isProbe: boolean): LineChunk;
  /** Settles the lines of a chunk that is written. */
  confirm(chunk: LineChunk): void;
  /** Returns the lines of a failed write. @returns the line that was written in part */
  putBack(chunk: LineChunk): LineChunk | undefined;
  /** Rejects a line, unless it is settled. */
  reject(line: QueuedLine, cause: unknown, mayBeWritten: boolean): void;
  /** Removes and rejects the lines that were appended and are not kept. */
  rejectAppended(cause: unknown): void;
  /** The lines, in this chunk and in the queue, whose callers have waited since before a tick. */
  waitingSince(tick: number, chunk: LineChunk | undefined): readonly QueuedLine[];
}

/**
 * Creates a queue.
 *
 * @param now the time in ticks
 * @param report formats the report of missing lines
 */
export function createLineQueue(now: () => number, report: (missing: MissingLines) => string): LineQueue {
  let appended: QueuedLine[] = [];
  let droppable: QueuedLine[] = [];
  /** The characters in `droppable`. */
  let buffered = 0;
  let missing: MissingLines = { dropped: 0, failed: 0 };
  let reported = missing;

  function createLine(text: string, kind: QueuedLine['kind'], settle?: QueuedLine['settle']): QueuedLine {
    return { text, kind, queuedAt: now(), settle };
  }

  function count(what: keyof MissingLines): void {
    missing = { ...missing, [what]: missing[what] + 1 };
  }

  function reportMissing(): string {
    return report({ dropped: missing.dropped - reported.dropped, failed: missing.failed - reported.failed });
  }

  function reject(line: QueuedLine, cause: unknown, mayBeWritten: boolean): void {
    if (line.settle === undefined) return;
    count('failed');
    line.settle(new OutputError(cause, mayBeWritten));
    line.settle = undefined;
  }

  return {
    get isEmpty() {
      return appended.length === 0 && droppable.length === 0;
    },
    get dropped() {
      return missing.dropped;
    },
    get failed() {
      return missing.failed;
    },
    add(text) {
      if (buffered > maxBuffered) return count('dropped');
      droppable.push(createLine(text, 'droppable'));
      buffered += text.length;
    },
    append(text, kind, settle) {
      appended.push(createLine(text, kind, settle));
    },
    count,
    takeChunk(isProbe) {
      const isReported = isProbe || missing.dropped > reported.dropped;
      const lines = isReported ? [createLine(reportMissing(), 'report'), ...appended] : appended;
      appended = [];
      let size = 0;
      let taken = 0;
      while (size < maxDroppablePerWrite && taken < droppable.length) size += droppable[taken++]?.text.length ?? 0;
      buffered -= size;
      lines.push(...droppable.splice(0, taken));
      const bytes = Buffer.from(lines.map(({ text }) => text).join(''));
      return { lines, bytes, isProbe, missing, createdAt: now(), offset: 0 };
    },
    confirm(chunk) {
      for (const { settle } of chunk.lines) settle?.();
      if (chunk.lines[0]?.kind === 'report') reported = chunk.missing;
    },
    putBack(chunk) {
      const { torn, unwritten } = separateLines(chunk);
      const logged = unwritten.filter(({ kind }) => kind === 'droppable');
      droppable = [...logged, ...droppable];
      for (const { text } of logged) buffered += text.length;
      appended = [...unwritten.filter(({ kind }) => kind === 'appended' || kind === 'kept'), ...appended];
      return torn;
    },
    reject,
    rejectAppended(cause) {
      const waiting = appended.filter(({ kind }) => kind === 'appended');
      appended = appended.filter(({ kind }) => kind !== 'appended');
      for (const line of waiting) reject(line, cause, false);
    },
    waitingSince: (tick, chunk) =>
      [...(chunk?.lines ?? []), ...appended].filter(({ settle, queuedAt }) => settle !== undefined && queuedAt < tick),
  };
}
