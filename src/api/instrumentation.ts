import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type TraceFields, traceFields } from '../trace-fields.js';
import type { Reason } from './error-data.js';
import { reasonOf } from './errors.js';

/** The outcome of a call: a reason, or `OK`. */
export type CallOutcome = Reason | 'OK';

/** Called for every call of a procedure. */
export type CallObserver = (procedure: string, outcome: CallOutcome, seconds: number) => void;

type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** Receives the ids of the spans of calls, for the log. */
export interface SpanListener {
  readonly onSpan: (span: TraceFields) => void;
  /** Called before the error of a call is logged. */
  readonly onFailure: (error: unknown, span: TraceFields) => void;
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
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export function createCallInstrumentation(
  headers: HeaderFields,
  observe: CallObserver,
  listener: SpanListener,
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
      const ids = traceFields(span);
      if (ids !== undefined) listener.onSpan(ids);
      const end = (outcome: CallOutcome, error?: unknown) => {
        if (ids !== undefined && outcome !== 'OK') listener.onFailure(error, ids);
        observe(procedure, outcome, (performance.now() - startedAt) / 1_000);
        span.setAttribute('script_state_bff.outcome', outcome);
        if (outcome !== 'OK') span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
      try {
        const result = await work();
        if (result.ok) end('OK');
        else end(reasonOf(result.error), result.error);
        return result;
      } catch (error) {
        end(reasonOf(error), error);
        throw error;
      }
    });
  };
}
