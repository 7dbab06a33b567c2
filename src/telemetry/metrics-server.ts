import { createServer } from 'node:http';
import type { Logger } from 'pino';
import { close, listen } from '../http/server.js';
import type { Metrics } from './metrics.js';

/** Serves the metrics on a separate port. */
export interface MetricsServer {
  readonly url: URL;
  close(): Promise<void>;
}

/** Serves `GET /metrics` and nothing else. */
export async function serveMetrics(metrics: Metrics, host: string, port: number, log: Logger): Promise<MetricsServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    if (request.url !== '/metrics' || !/^(GET|HEAD)$/.test(request.method ?? '')) {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'the metrics could not be collected');
        response.writeHead(500).end();
      },
    );
  });
  const url = new URL('/metrics', await listen(server, port, host));
  log.info(`serving metrics at ${url.href}`);
  return {
    url,
    async close() {
      const closed = close(server);
      server.closeAllConnections();
      await closed;
    },
  };
}
