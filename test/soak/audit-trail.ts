import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The audit trail of one replica. It outlives the processes that write to it. */
export interface ReplicaTrail {
  /** The value of `AUDIT_LOG`. */
  readonly path: string;
  /** Disturb the trail of a running process, by name. Each returns a function that ends the disturbance. */
  readonly disturbances: Readonly<Record<string, (pid: number) => () => void>>;
  /** Must be called when a process has ended. */
  onExit(): void;
  /** All that was written so far. */
  read(): string;
}

const limitFileSize = (pid: number, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);

/**
 * A trail in a file, which can be full and rotated. A limit of the file size needs no privileges, unlike a small disk.
 */
export function createTrailFile(path: string): ReplicaTrail {
  let rotations = 0;
  return {
    path,
    disturbances: {
      'is full'(pid) {
        // The log, which is a file too, meets the same limit.
        limitFileSize(pid, statSync(path).size + Math.ceil(Math.random() * 3_000));
        return () => limitFileSize(pid, 'unlimited');
      },
      'is rotated'(pid) {
        renameSync(path, `${path}.${rotations++}`);
        process.kill(pid, 'SIGHUP');
        return () => undefined;
      },
    },
    onExit: () => undefined,
    read() {
      const folder = dirname(path);
      const names = readdirSync(folder).filter((name) => name.startsWith(basename(path)));
      return names.map((name) => `${readFileSync(join(folder, name), 'utf8')}\n`).join('');
    },
  };
}

const readIntervalMs = 10;

/** A trail in a named pipe, which can lose its reader and stay unread. */
export function createTrailPipe(path: string): ReplicaTrail {
  if (!existsSync(path)) execFileSync('mkfifo', [path]);
  const buffer = Buffer.alloc(1024 * 1024);
  const chunks: Buffer[] = [];
  let isRead = true;
  let reader: number | undefined;

  function open(): void {
    reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  function drain(): void {
    if (reader === undefined) return;
    try {
      for (let count = -1; count !== 0; ) {
        count = readSync(reader, buffer);
        chunks.push(Buffer.from(buffer.subarray(0, count)));
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }

  open();
  setInterval(() => isRead && drain(), readIntervalMs).unref();
  return {
    path,
    disturbances: {
      'has no reader'() {
        if (reader === undefined) return () => undefined;
        drain();
        closeSync(reader);
        reader = undefined;
        // The pipe keeps what was written after the last read, since its writer is running.
        return open;
      },
      'is not read'() {
        isRead = false;
        return () => {
          isRead = true;
        };
      },
    },
    onExit() {
      drain();
      // The process may have ended in the middle of a line.
      chunks.push(Buffer.from('\n'));
    },
    read() {
      drain();
      return Buffer.concat(chunks).toString();
    },
  };
}
