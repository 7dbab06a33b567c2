import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { invalidInput } from '../api/errors.js';
import { shapesOf } from './express-shapes.js';
import { refusalBody } from './refusal.js';

/** Makes the HTTP server, with limits on slow headers, slow bodies and idle connections. */
export function createHttpServer(app: Express, log: Logger): Server {
  const answering = new WeakMap<Duplex, ServerResponse>();
  const listener: RequestListener = (request, response) => {
    answering.set(request.socket, response);
    // A whole address or `*` is for proxies and servers as such, which this is not; a fragment is nobody's but browsers'.
    if (/^\/[^#]*$/.test(request.url ?? '')) app(request, response);
    else refuse(request.socket, 'BAD_REQUEST', log);
  };
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
      // Longer than the 60 s after which most load balancers close an idle connection, so that they do it first.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 32 * 1024,
      // Answered by the app instead, in the contract's shape.
      requireHostHeader: false,
      ...shapesOf(app),
    },
    listener,
  );
  // An `Expect` other than 100-continue: nothing here depends on it.
  server.on('checkExpectation', listener);
  // Nothing is tunnelled here.
  server.on('connect', (_request, socket) => refuse(socket, 'METHOD_NOT_SUPPORTED', log));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = answering.get(socket);
    // What comes behind a call must not be answered in the place of that call's answer.
    if (error.code === 'ECONNRESET' || !socket.writable || response?.writableEnded === false) socket.destroy();
    else refuse(socket, unreadable[error.code ?? ''] ?? 'BAD_REQUEST', log);
  });
  return server;
}

/** What Node can't parse never becomes a request; what it says of it, as codes. */
const unreadable: Readonly<Record<string, TRPC_ERROR_CODE_KEY>> = {
  HPE_HEADER_OVERFLOW: 'PAYLOAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'TIMEOUT',
};

/** Starts to listen and tells the address that it got. */
export async function listen(server: Server, port: number, host: string): Promise<URL> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
}

/** Stops listening; resolves when the last connection is closed. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** Answers on a bare connection, and closes it. */
function refuse(socket: Duplex, code: TRPC_ERROR_CODE_KEY, log: Logger): void {
  const requestId = crypto.randomUUID();
  const { status, body } = refusalBody(invalidInput('the request can not be read', [], code), requestId);
  const json = JSON.stringify(body);
  log.info({ requestId, status, code }, 'unreadable request refused');
  // Node has taken its own listener off a tunnelled socket: without one, a reset would end the process.
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncache-control: no-store\r\n` +
      `content-type: application/json; charset=utf-8\r\nx-request-id: ${requestId}\r\n` +
      `content-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
    () => socket.destroy(),
  );
}
