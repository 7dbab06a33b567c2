import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { invalidInput } from '../api/errors.js';
import { refusalBody } from './error-handler.js';

/** Creates the HTTP server, with time limits on headers, bodies and idle connections. */
export function createHttpServer(app: Express, log: Logger): Server {
  const openResponses = new WeakMap<Duplex, Set<ServerResponse>>();
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
      // Most load balancers close idle connections after 60 s. A longer time prevents them from reusing a closed
      // connection.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 32 * 1024,
    },
    (request, response) => {
      const open = openResponses.get(request.socket);
      open?.add(response);
      response.once('close', () => open?.delete(response));
      app(request, response);
    },
  );
  server.on('connection', (socket) => {
    const open = new Set<ServerResponse>();
    openResponses.set(socket, open);
    // Node emits `close` on the response that is being sent, but not on the pipelined ones after it.
    socket.once('close', () => {
      setImmediate(() => {
        for (const response of open) response.emit('close');
      });
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A client would read this as the response to an earlier, pipelined request that is still in progress.
    const hasPending = [...(openResponses.get(socket) ?? [])].some((response) => !response.writableEnded);
    if (hasPending || !socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else rejectMalformed(socket, codes[error.code ?? ''] ?? 'BAD_REQUEST', log);
  });
  return server;
}

/** tRPC's codes for the errors that Node reports before there is a request; any other one is `BAD_REQUEST`. */
const codes: Readonly<Record<string, TRPC_ERROR_CODE_KEY>> = {
  HPE_HEADER_OVERFLOW: 'PAYLOAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'TIMEOUT',
};

/** Responds in the contract's shape to data that Node could not parse as a request, and closes the connection. */
function rejectMalformed(socket: Duplex, code: TRPC_ERROR_CODE_KEY, log: Logger): void {
  const requestId = crypto.randomUUID();
  const { status, body } = refusalBody(invalidInput('The request could not be parsed', [], code), requestId);
  log.info({ requestId, status, code }, 'malformed request rejected');
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'content-type: application/json; charset=utf-8',
    `x-request-id: ${requestId}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

/** Starts to listen. @returns the address, with the actual port if `port` is 0 */
export async function listen(server: Server, port: number, host: string): Promise<URL> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`);
}

/** Stops listening. Resolves when the last connection is closed. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
