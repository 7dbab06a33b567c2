import { fstatSync, statSync, write as writeBytes } from 'node:fs';
import { createLineWriter, type LineWriter, type LineWriterOptions } from './line-writer.js';

/**
 * Opens stdout for the lines of the log, and formats them for reading on a terminal. Accessing `process.stdout` lets
 * Node make a pipe or socket non-blocking; nothing else writes to it.
 */
export async function openStdout(options: Pick<LineWriterOptions, 'onDown' | 'reportFields'>): Promise<LineWriter> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (!process.stdout.isTTY) return createLineWriter({ fd: 1, ...options });
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ ignore: 'pid,hostname', colorize: true });
  return createLineWriter({ fd: 1, format: (line) => pretty(line) ?? '', ...options });
}

/** Whether lines on stdout are discarded: it is /dev/null, which Node also opens if it was closed. */
export function isStdoutDiscarded(): boolean {
  const stdout = fstatSync(1);
  return stdout.isCharacterDevice() && stdout.rdev === statSync('/dev/null').rdev;
}

/** Writes one line to stderr, for what the log cannot report. Does not block, and ignores errors. */
export function reportOnStderr(level: number, fields: object, msg: string): Promise<void> {
  const line = process.stderr.isTTY ? msg : JSON.stringify({ level, time: Date.now(), ...fields, msg });
  return new Promise((resolve) => writeBytes(2, `${line}\n`, () => resolve()));
}
