import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';

const baseUrl = process.env['GRAPH_BASE_URL'];
const token = process.env['GRAPH_ACCESS_TOKEN'];
if (baseUrl === undefined || token === undefined) throw new Error('GRAPH_BASE_URL and GRAPH_ACCESS_TOKEN must be set');

/** Graph's base URL, with the version, and the token for it. */
export const graph = { baseUrl, origin: new URL(baseUrl).origin, authorization: `Bearer ${token}`, token };

/** Listens on a free port of the loopback address and logs its URL to stdout. */
export function listen(listener: RequestListener): void {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') console.log(`listening on http://127.0.0.1:${address?.port}`);
  });
}
