import { constants, openSync, readFileSync } from 'node:fs';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutputError } from '../../src/output/line-chunk.js';
import { createLineWriter, type LineWriter } from '../../src/output/line-writer.js';
import { createFifo, type Fifo, type Line, parseLines, useFolder } from '../support/output.js';

const path = useFolder();
let fifo: Fifo;
let writer: LineWriter;
let downs: unknown[];
beforeEach(() => {
  fifo = createFifo(path('pipe'));
  downs = [];
  writer = createLineWriter({ fd: fifo.fd, onDown: (cause) => downs.push(cause) });
});
afterEach(async () => {
  fifo.read();
  await writer.close();
  fifo.close();
});

const lineOf = (n: number, length = 100) => `${JSON.stringify({ n, text: 'é'.repeat(length) })}\n`;
const numbers = (lines: readonly Line[]) => lines.flatMap(({ n }) => (n === undefined ? [] : [n]));

/** Reads until the output is up and has a line with this number. */
async function readUntil(n: number): Promise<readonly Line[]> {
  let text = '';
  const read = () => {
    text += fifo.read();
    return text.includes(`"n":${n},`) && text.endsWith('\n') && writer.isUp;
  };
  await expect.poll(read, { interval: 5 }).toBe(true);
  return parseLines(text);
}

test('lines are whole and in order, although the pipe takes them in parts', async () => {
  const count = 400;
  for (let n = 0; n < count; n++) writer.write(lineOf(n, (n * 97) % 3000));
  expect(numbers(await readUntil(count - 1))).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(writer.dropped).toBe(0);
});

test('appended lines come before others, and resolve when the pipe has them', async () => {
  for (let n = 0; n < 20; n++) writer.write(lineOf(n, 1000));
  await writer.append(lineOf(1000));
  expect(numbers(parseLines(fifo.read().replace(/[^\n]*$/, '')))[0]).toBe(1000);
});

test('lines that do not fit in the buffer are dropped, and a line reports their number', async () => {
  fifo.fill();
  for (let n = 0; n < 6000; n++) writer.write(lineOf(n, 1000));
  const { dropped } = writer;
  expect(dropped).toBeGreaterThan(1000);
  fifo.read();
  writer.write(lineOf(6000));
  const lines = await readUntil(5999 - dropped);
  expect(numbers(lines)).toHaveLength(6000 - dropped);
  expect(lines.filter((line) => line['dropped'] !== undefined)).toMatchObject([{ level: 40, dropped: dropped + 1 }]);
});

test('while the pipe takes nothing, appended lines are rejected, and kept ones are written later', async () => {
  fifo.fill();
  const rejected = writer.append(lineOf(1)).catch((error: unknown) => error);
  const kept = writer.append(lineOf(2), true);
  const error = await rejected;
  if (!(error instanceof OutputError)) throw new Error('the line was not rejected');
  await expect(kept).rejects.toBeInstanceOf(OutputError);
  expect(writer.isUp).toBe(false);
  await expect(writer.append(lineOf(3))).rejects.toMatchObject({ mayBeWritten: false });
  expect(downs).toHaveLength(1);
  fifo.read();
  const lines = await readUntil(2);
  // A write of the first line may have been in progress.
  expect(numbers(lines).filter((n) => n !== 1 || !error.mayBeWritten)).toEqual([2]);
  await writer.append(lineOf(4));
  expect(numbers(parseLines(fifo.read()))).toEqual([4]);
});

test('a line that was written in part is completed, also if it was rejected', async () => {
  fifo.fill();
  // The pipe has space for a page of memory.
  const long = writer.append(lineOf(1, 40_000));
  const other = writer.append(lineOf(2), true);
  await nextIteration();
  fifo.read();
  await expect(long).rejects.toMatchObject({ mayBeWritten: true });
  await expect(other).rejects.toBeInstanceOf(OutputError);
  expect(numbers(await readUntil(2))).toEqual([1, 2]);
});

test('after an error, other lines are rejected at once, and close resolves', async () => {
  const fd = openSync('/dev/full', 'w');
  const full = createLineWriter({ fd, isOwned: true });
  await expect(full.append(lineOf(1))).rejects.toMatchObject({ cause: { code: 'ENOSPC' }, mayBeWritten: false });
  await expect(full.append(lineOf(2))).rejects.toBeInstanceOf(OutputError);
  full.write(lineOf(3));
  await full.close();
});

test('a replacement gets the whole of an incomplete line', async () => {
  fifo.fill();
  const { O_NONBLOCK, O_WRONLY } = constants;
  const rotated = createLineWriter({ fd: openSync(path('pipe'), O_WRONLY | O_NONBLOCK), isOwned: true });
  const kept = rotated.append(lineOf(1, 40_000), true);
  await nextIteration();
  fifo.read();
  await expect(kept).rejects.toBeInstanceOf(OutputError);
  rotated.replace(openSync(path('file'), 'a'));
  await expect.poll(() => rotated.isUp).toBe(true);
  expect(numbers(parseLines(readFileSync(path('file'), 'utf8')))).toEqual([1]);
  await rotated.close();
});
