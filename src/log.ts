import { type DestinationStream, type Logger, pino } from 'pino';

/** Makes the log: JSON lines, to stdout unless told otherwise. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: describeDefect } };
  return destination === undefined ? pino(options) : pino(options, destination);
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
