import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Sender } from './transport.js';

/** The only header of the trace context that Graph receives: `baggage` and `tracestate` are those of callers. */
const traceHeader = 'traceparent';

/**
 * Creates a span for every request to Graph, and propagates its id. Does nothing unless the process was started with an
 * OpenTelemetry SDK.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function traceRequests(sender: Sender, baseUrl: URL): Sender {
  const server = { 'server.address': baseUrl.hostname, 'server.port': Number(baseUrl.port) || 443 };
  return {
    async send(request, options) {
      const { method } = request;
      const span = trace.getTracer('script-state-bff').startSpan(method, {
        kind: SpanKind.CLIENT,
        attributes: { ...server, 'http.request.method': method },
      });
      if (!span.isRecording()) return sender.send(request, options);
      const injected: Record<string, string> = {};
      propagation.inject(trace.setSpan(context.active(), span), injected);
      const traceparent = injected[traceHeader];
      const headers = { ...request.headers, ...(traceparent !== undefined && { [traceHeader]: traceparent }) };
      try {
        const response = await sender.send({ ...request, headers }, options);
        span.setAttribute('http.response.status_code', response.status);
        if (response.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
        return response;
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
  };
}
