import { once } from 'node:events';
import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** Makes the log: JSON lines, to stdout unless told otherwise. */
export function createLog(level: string, stream?: DestinationStream): Logger {
  const options = { level, serializers: { err: describeDefect } };
  return stream === undefined ? pino(options) : pino(options, stream);
}

/** Where the log goes, to be closed before the process ends. */
export interface LogTarget {
  readonly stream: DestinationStream;
  /** Resolves once all lines are written. Nothing can be logged any more. */
  close(): Promise<void>;
}

/** Opens stdout for a log that is written beside the work, as fast as stdout takes it. */
export function openStdout(): LogTarget {
  const stream = destination({ sync: false });
  const broken = new Promise<void>((resolve) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      resolve();
    });
  });
  return {
    stream,
    // What pino flushes at the exit by itself lacks the lines that are being written at that moment.
    async close() {
      const closed = once(stream, 'close');
      stream.end();
      await Promise.race([closed, broken]);
    },
  };
}

/** A defect, and where it happened. Of its message, what is quoted stays out: parsers quote what they were given. */
function describeDefect(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message.slice(0, 300).replaceAll(/"[^"]*"?|'[^']*'?|`[^`]*`?|\S*@\S*/g, '…'),
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    stack: error.stack?.split('\n').filter((line) => /^ {4}at /.test(line)),
    cause: error.cause instanceof Error ? describeDefect(error.cause) : undefined,
  };
}
