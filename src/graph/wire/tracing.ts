import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Transport } from './transport.js';

/**
 * A span for every request to Graph, and the caller's trace passed on to it. Nothing of that happens unless the process
 * was started with an SDK of OpenTelemetry's.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function traceRequests(transport: Pick<Transport, 'send'>, origin: URL): Pick<Transport, 'send'> {
  const where = { 'server.address': origin.hostname, 'server.port': Number(origin.port) || 443 };
  return {
    async send(request, token, limit) {
      const { method } = request;
      const tracer = trace.getTracer('script-state-bff');
      const span = tracer.startSpan(method, {
        kind: SpanKind.CLIENT,
        attributes: { ...where, 'http.request.method': method },
      });
      if (!span.isRecording()) return transport.send(request, token, limit);
      const headers: Record<string, string> = { ...request.headers };
      propagation.inject(trace.setSpan(context.active(), span), headers);
      try {
        const answer = await transport.send({ ...request, headers }, token, limit);
        span.setAttribute('http.response.status_code', answer.status);
        if (answer.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
        return answer;
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
  };
}
