import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Reason, reasonOf } from './errors.js';

/** What became of a call: a reason, or `OK`. */
export type CallOutcome = Reason | 'OK';

/** Hears of every call of a procedure. */
export type CallObserver = (procedure: string, outcome: CallOutcome, seconds: number) => void;

/** The fields of a request's header by name, in lower case. */
type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** Watches a call, whatever becomes of it. Its result is that of `work`. */
export type InstrumentCall = <T extends { readonly ok: boolean; readonly error?: unknown }>(
  procedure: string,
  work: () => Promise<T>,
) => Promise<T>;

/**
 * Watches the calls of one request: a span for each, in the trace that its headers name, and a word to the observer.
 * Without an SDK of OpenTelemetry's in the process there are no spans.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export function createCallInstrumentation(headers: HeaderFields, observe: CallObserver | undefined): InstrumentCall {
  return async (procedure, work) => {
    const startedAt = performance.now();
    // Instruments of the operator's may have begun a trace for the request already.
    const parent = trace.getActiveSpan() ? context.active() : propagation.extract(context.active(), headers);
    const options = {
      kind: SpanKind.SERVER,
      attributes: { 'rpc.system': 'trpc', 'rpc.method': procedure },
    };
    return trace.getTracer('script-state-bff').startActiveSpan(procedure, options, parent, async (span) => {
      try {
        const result = await work();
        const outcome = result.ok ? 'OK' : reasonOf(result.error);
        observe?.(procedure, outcome, (performance.now() - startedAt) / 1_000);
        span.setAttribute('script_state_bff.outcome', outcome);
        if (!result.ok) span.setStatus({ code: SpanStatusCode.ERROR });
        return result;
      } finally {
        span.end();
      }
    });
  };
}
