import { isSpanContextValid, type Span } from '@opentelemetry/api';

/** The ids of a span in a line of a log, named as OpenTelemetry recommends for formats other than its own. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id?: string;
}

/** The ids of a span; `undefined` without a span, or without an OpenTelemetry SDK in the process. */
export function traceFields(span: Span | undefined): TraceFields | undefined {
  const ids = span?.spanContext();
  return ids !== undefined && isSpanContextValid(ids) ? { trace_id: ids.traceId, span_id: ids.spanId } : undefined;
}
