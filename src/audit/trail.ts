import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { OutputError } from '../output/line-chunk.js';
import { createLineWriter, type LineWriter } from '../output/line-writer.js';

/** Where audit lines go. */
export interface AuditTrail extends Pick<LineWriter, 'append'> {
  /** Whether lines can be written. While it is false, writes are refused. */
  readonly isUp: boolean;
  /** The number of lines that were not written in time. */
  readonly failed: number;
}

/** The fields of the line that reports an interruption of the trail. */
export const interruptionFields = { log: 'audit', event: 'interrupted' } as const;

/** A trail that cannot be written. */
export function closedTrail(): AuditTrail {
  let failed = 0;
  return {
    isUp: false,
    get failed() {
      return failed;
    },
    async append() {
      failed++;
      throw new OutputError(new Error('there is no output'), false);
    },
  };
}

/** A trail in a file. */
export interface TrailFile extends AuditTrail {
  /** Opens the file again, after it was renamed. @throws if it cannot be opened; the previous file stays in use */
  reopen(): void;
  close(): Promise<void>;
}

/** How often to check that the file was not removed, in milliseconds: each check is a system call. */
const checkIntervalMs = 100;

/**
 * Opens a file for appending and creates it if there is none. A last line that a crash has left incomplete is ended.
 *
 * @param onDown called when the file starts to fail
 * @throws if it cannot be opened
 */
export function openTrailFile(path: string, onDown: (cause: unknown) => void): TrailFile {
  let fd = openForAppending(path);
  const writer = createLineWriter({
    fd,
    isOwned: true,
    onDown,
    reportFields: interruptionFields,
  });
  if (endsInLine(path, fd)) writer.append('\n', true).catch(() => undefined);
  let checkedAt = performance.now();
  let isLost = false;
  let lostLines = 0;

  function reopen(): void {
    const reopened = openForAppending(path);
    if (isSameFile(fd, reopened)) {
      closeSync(reopened);
      return;
    }
    fd = reopened;
    writer.replace(reopened);
  }

  /** Creates a file again that was removed: what is written to that one is lost. @throws if it cannot be opened */
  function restore(): void {
    const stats = fstatSync(fd);
    checkedAt = performance.now();
    try {
      if (stats.isFile() && stats.nlink === 0) reopen();
      isLost = false;
    } catch (error) {
      if (!isLost) onDown(error);
      isLost = true;
      throw error;
    }
  }

  return {
    append(line, isKept) {
      try {
        if (isLost || performance.now() - checkedAt > checkIntervalMs) restore();
      } catch (error) {
        lostLines++;
        return Promise.reject(new OutputError(error, false));
      }
      return writer.append(line, isKept);
    },
    get isUp() {
      try {
        restore();
      } catch {
        return false;
      }
      return writer.isUp;
    },
    get failed() {
      return writer.failed + lostLines;
    },
    reopen,
    close: () => writer.close(),
  };
}

/** Readable by the owner and the group. A named pipe must have a reader, and does not block. */
function openForAppending(path: string): number {
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
  return openSync(path, O_APPEND | O_CREAT | O_NONBLOCK | O_WRONLY, 0o640);
}

/** Whether the last line of a file has no end. */
function endsInLine(path: string, fd: number): boolean {
  const stats = fstatSync(fd);
  if (!stats.isFile() || stats.size === 0) return false;
  const last = Buffer.alloc(1);
  const readable = openSync(path, 'r');
  readSync(readable, last, 0, 1, stats.size - 1);
  closeSync(readable);
  return last.toString() !== '\n';
}

function isSameFile(one: number, other: number): boolean {
  const { dev, ino } = fstatSync(one);
  const stats = fstatSync(other);
  return stats.dev === dev && stats.ino === ino;
}
