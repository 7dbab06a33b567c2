/** A line that waits to be written. */
export interface QueuedLine {
  readonly text: string;
  /** `appended` lines are removed when the output fails; `kept` ones and `droppable` ones wait. */
  readonly kind: 'droppable' | 'appended' | 'kept' | 'report';
  /** When it was queued, in ticks. */
  readonly queuedAt: number;
  /** Called once: when the line is written, or with the error. */
  settle: ((error?: OutputError) => void) | undefined;
}

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

/** The numbers of lines that are missing in an output. */
export interface MissingLines {
  readonly dropped: number;
  readonly failed: number;
}

/** Lines that are written together. */
export interface LineChunk {
  readonly lines: readonly QueuedLine[];
  readonly bytes: Buffer;
  /** Whether it shows that an output that was down is up again. */
  readonly isProbe: boolean;
  /** The numbers of missing lines when it was created. */
  readonly missing: MissingLines;
  /** In ticks. */
  readonly createdAt: number;
  /** The number of bytes that are written. */
  offset: number;
}

/** The lines of a chunk whose write has failed. */
export interface FailedChunk {
  /** The line that was written in part: it must be continued before any other. */
  readonly torn: LineChunk | undefined;
  readonly unwritten: readonly QueuedLine[];
}

/** Separates the lines of a chunk, and settles those that are written. */
export function separateLines(chunk: LineChunk): FailedChunk {
  const unwritten: QueuedLine[] = [];
  let torn: LineChunk | undefined;
  let end = 0;
  for (const line of chunk.lines) {
    const bytes = Buffer.from(line.text);
    const start = end;
    end += bytes.length;
    if (end <= chunk.offset) line.settle?.();
    else if (start >= chunk.offset) unwritten.push(line);
    else torn = { ...chunk, lines: [line], bytes, isProbe: false, offset: chunk.offset - start };
  }
  return { torn, unwritten };
}

/** Moves back to the start of the line that was written in part. */
export function rewindLine(chunk: LineChunk): void {
  if (chunk.offset > 0) chunk.offset = chunk.bytes.lastIndexOf(10, chunk.offset - 1) + 1;
}
