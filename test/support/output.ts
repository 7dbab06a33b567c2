import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A parsed line of a log. */
export type Line = Readonly<Record<string, unknown>>;

/** Parses lines; each must be complete. */
export function parseLines(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The lines of a file. */
export const linesOf = (path: string): readonly Line[] => parseLines(readFileSync(path, 'utf8'));

/** Creates a folder before each test, and removes it afterwards. @returns the path of a file in it */
export function useFolder(): (name: string) => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit '));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}

/** A named pipe that is open for reading. Nothing is read from it until a test does. */
export interface Fifo {
  /** A file descriptor for writing that blocks, as one that a process inherits. */
  readonly blockingFd: number;
  /** A file descriptor for writing that does not block. */
  readonly fd: number;
  /** Fills the pipe with empty lines until it takes no more. */
  fill(): void;
  /** Reads what is in the pipe. */
  read(): string;
  close(): void;
}

/** Creates a named pipe. */
export function createFifo(path: string): Fifo {
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const blockingFd = openSync(path, 'w');
  const filler = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const isFull = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EAGAIN';
  return {
    blockingFd,
    fd: filler,
    fill() {
      try {
        for (const text of ['\n'.repeat(4096), '\n']) {
          try {
            for (;;) writeSync(filler, text);
          } catch (error) {
            if (!isFull(error)) throw error;
          }
        }
      } catch (error) {
        if (!isFull(error)) throw error;
      }
    },
    read() {
      const buffer = Buffer.alloc(1024 * 1024);
      let text = '';
      try {
        for (;;) {
          const count = readSync(reader, buffer);
          if (count === 0) return text;
          text += buffer.toString('utf8', 0, count);
        }
      } catch (error) {
        if (!isFull(error)) throw error;
      }
      return text;
    },
    close() {
      for (const fd of [reader, blockingFd, filler]) closeSync(fd);
    },
  };
}

/** A port that is free now, for a service whose log cannot be read. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
