import { once } from 'node:events';
import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** Creates a log of JSON lines. @param stream where to write; stdout by default */
export function createLog(level: string, stream?: DestinationStream): Logger {
  const options = { level, serializers: { err: serializeError } };
  return stream === undefined ? pino(options) : pino(options, stream);
}

/** The destination of a log. Close it before the process exits. */
export interface LogTarget {
  readonly stream: DestinationStream;
  /** Resolves when all lines are written. The log cannot be used afterwards. */
  close(): Promise<void>;
}

/** Opens stdout for asynchronous logging. Lines wait in memory while the reader of stdout is slow. */
export function openStdout(): LogTarget {
  const stream = destination({ sync: false });
  const brokenPipe = new Promise<void>((resolve) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      resolve();
    });
  });
  return {
    stream,
    // The flush that pino runs on exit misses the lines whose write is in progress.
    async close() {
      const closed = once(stream, 'close');
      stream.end();
      await Promise.race([closed, brokenPipe]);
    },
  };
}

/** Removes quotations and addresses from the message of an error: parsers quote their input, which can be secret. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message.slice(0, 300).replaceAll(/"[^"]*"?|'[^']*'?|`[^`]*`?|\S*@\S*/g, '…'),
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    stack: error.stack?.split('\n').filter((line) => /^ {4}at /.test(line)),
    cause: error.cause instanceof Error ? serializeError(error.cause) : undefined,
  };
}
