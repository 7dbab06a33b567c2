import { constants, fstatSync, readFileSync, statSync, write as writeBytes } from 'node:fs';
import { inspect } from 'node:util';
import { escapeInvisible } from './escape.js';
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
  return createLineWriter({ fd: 1, format: (line) => escapeInvisible(pretty(line) ?? ''), ...options });
}

/**
 * Whether stdout was closed. Node then opens /dev/null in its place, for reading and writing. `> /dev/null`, which
 * opens it for writing only, is a decision of the operator.
 */
export function isStdoutClosed(): boolean {
  const stdout = fstatSync(1);
  if (!stdout.isCharacterDevice() || stdout.rdev !== statSync('/dev/null').rdev) return false;
  // Other systems do not show how a file was opened.
  if (process.platform !== 'linux') return true;
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8')) ?? [];
  return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_RDWR) !== 0;
}

/** Writes one line to stderr, for what the log cannot report. Does not block, and ignores errors. */
export function reportOnStderr(level: number, fields: object, msg: string): Promise<void> {
  const line = process.stderr.isTTY
    ? Object.entries(fields).reduce((text, [name, value]) => `${text}\n  ${name}: ${inspect(value)}`, msg)
    : JSON.stringify({ level, time: Date.now(), ...fields, msg });
  return new Promise((resolve) => writeBytes(2, `${line}\n`, () => resolve()));
}
