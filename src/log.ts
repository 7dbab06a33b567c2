import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeInvisible } from './output/escape.js';
import { traceFields } from './trace-fields.js';

const activeTrace = () => traceFields(trace.getActiveSpan()) ?? {};

/** Creates a log of JSON lines, with the ids of the active span. @param stream where to write; stdout by default */
export function createLog(level: string, stream?: DestinationStream): Logger {
  const options = { level, mixin: activeTrace, serializers: { err: serializeError } };
  if (stream === undefined) return pino(options);
  return pino(options, { write: (line: string) => stream.write(escapeInvisible(line)) });
}

/** Removes quotations and addresses from the message of an error: parsers quote their input, which can be secret. */
export function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message.slice(0, 300).replaceAll(/"[^"]*"?|'[^']*'?|`[^`]*`?|\S*@\S*/g, '…'),
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    stack: error.stack?.split('\n').filter((line) => /^ {4}at /.test(line)),
    cause: error.cause instanceof Error ? serializeError(error.cause) : undefined,
  };
}
