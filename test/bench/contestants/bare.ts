import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import { graph, listen } from './listen.js';

const pool = new Pool(graph.origin, { connections: 128 });

/** Headers that apply to one connection only (RFC 9110, 7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host']);

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}

listen((request, response) => {
  pool
    .stream(
      {
        path: request.url ?? '/',
        method: request.method === 'PATCH' ? 'PATCH' : 'GET',
        headers: { ...endToEnd(request.headers), authorization: graph.authorization },
        body: request,
      },
      ({ statusCode, headers }) => response.writeHead(statusCode, endToEnd(headers)),
    )
    .catch(() => response.destroy());
});
