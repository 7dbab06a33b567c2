import { context, isSpanContextValid, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Reason } from './error-data.js';
import { reasonOf } from './errors.js';

/** The outcome of a call: a reason, or `OK`. */
export type CallOutcome = Reason | 'OK';

/** Called for every call of a procedure. */
export type CallObserver = (procedure: string, outcome: CallOutcome, seconds: number) => void;

type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** The ids of a span in a line of a log, named as OpenTelemetry recommends for formats other than its own. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id?: string;
}

/** Measures and traces a call. Returns, or throws, what `work` does. */
export type InstrumentCall = <T extends { readonly ok: boolean; readonly error?: unknown }>(
  procedure: string,
  work: () => Promise<T>,
) => Promise<T>;

/**
 * Instruments the calls of one request: each gets a span in the trace that the headers name, and is reported to the
 * observer. There are no spans without an OpenTelemetry SDK in the process.
 *
 * @param onSpan called with the ids of each span, for the log
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export function createCallInstrumentation(
  headers: HeaderFields,
  observe: CallObserver,
  onSpan: (span: TraceFields) => void,
): InstrumentCall {
  return async (procedure, work) => {
    const startedAt = performance.now();
    // The operator's own instrumentation may have started a trace for the request.
    const parent = trace.getActiveSpan() ? context.active() : propagation.extract(context.active(), headers);
    const options = {
      kind: SpanKind.SERVER,
      attributes: { 'rpc.system': 'trpc', 'rpc.method': procedure },
    };
    return trace.getTracer('script-state-bff').startActiveSpan(procedure, options, parent, async (span) => {
      const ids = span.spanContext();
      if (isSpanContextValid(ids)) onSpan({ trace_id: ids.traceId, span_id: ids.spanId });
      const end = (outcome: CallOutcome) => {
        observe(procedure, outcome, (performance.now() - startedAt) / 1_000);
        span.setAttribute('script_state_bff.outcome', outcome);
        if (outcome !== 'OK') span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
      try {
        const result = await work();
        end(result.ok ? 'OK' : reasonOf(result.error));
        return result;
      } catch (error) {
        end(reasonOf(error));
        throw error;
      }
    });
  };
}
