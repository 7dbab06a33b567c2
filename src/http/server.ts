import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { invalidInput } from '../api/errors.js';
import { refusalBody } from './error-handler.js';
import { createPipelines } from './pipeline.js';
import { bodyTimeoutMs, discardUnreadBody } from './request-body.js';
import { resetUnreadConnections } from './unread-responses.js';

/** The limits of the HTTP server. */
export interface ServerLimits {
  /** Connections at a time. A reverse proxy makes all users share its address, so there is no limit per address. */
  readonly connections: number;
  /**
   * The longest time in milliseconds for the headers of a request, from its first byte or the start of a connection.
   */
  readonly headersMs: number;
  /** The longest time in milliseconds that a client may leave a response unread. */
  readonly unreadMs: number;
}

const defaultLimits: ServerLimits = { connections: 2_000, headersMs: 10_000, unreadMs: 60_000 };

/** Creates the HTTP server, with limits on connections, pipelined requests, headers, bodies and unread responses. */
export function createHttpServer(app: Express, log: Logger, changed: Partial<ServerLimits> = {}): Server {
  const limits = { ...defaultLimits, ...changed };
  const pipelines = createPipelines((request, response) => {
    discardUnreadBody(request, response);
    app(request, response);
  });
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      // A body that arrives too slowly is rejected with a response before this.
      requestTimeout: limits.headersMs + bodyTimeoutMs,
      connectionsCheckingInterval: Math.min(2_000, limits.headersMs),
      // Most load balancers close idle connections after 60 s. A longer time prevents them from reusing a closed
      // connection.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 32 * 1024,
    },
    pipelines.handle,
  );
  limitConnections(server, limits.connections, log);
  resetUnreadConnections(server, limits.unreadMs);
  server.on('checkContinue', (request, response) => {
    // A client that gets a response in place of `100 Continue` may or may not send the body.
    response.setHeader('connection', 'close');
    pipelines.handle(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Data after a request that closes the connection is ignored (RFC 9112, 9.6). Its response is still to be sent.
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    if (pipelines.isResponding(socket) || !socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else rejectMalformed(socket, codes[error.code ?? ''] ?? 'BAD_REQUEST', log);
  });
  return server;
}

/** The shortest time in milliseconds between two log lines about refused connections. */
const logIntervalMs = 10_000;

/** Limits the connections. At the limit, those that are idle make room. */
function limitConnections(server: Server, maxConnections: number, log: Logger): void {
  let open = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
    if (open === maxConnections) server.closeIdleConnections();
  });
  server.on('drop', () => {
    server.closeIdleConnections();
    if (performance.now() - loggedAt < logIntervalMs) return;
    loggedAt = performance.now();
    log.warn({ maxConnections }, 'connections refused: too many are open');
  });
}

/** tRPC's codes for the errors that Node reports before there is a request; any other one is `BAD_REQUEST`. */
const codes: Readonly<Record<string, TRPC_ERROR_CODE_KEY>> = {
  HPE_HEADER_OVERFLOW: 'PAYLOAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'TIMEOUT',
};

/** Responds in the contract's shape to data that Node could not parse as a request, and closes the connection. */
function rejectMalformed(socket: Socket, code: TRPC_ERROR_CODE_KEY, log: Logger): void {
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

/** The maximum number of iterations of the event loop for which {@link acceptPending} waits. */
const maxAcceptSteps = 1_000;

/** Accepts the connections that the operating system has established: it would reset them when the server closes. */
export async function acceptPending(server: Server): Promise<void> {
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on('connection', onConnection);
  for (let step = 0; hasAccepted && step < maxAcceptSteps; step++) {
    hasAccepted = false;
    // New connections are accepted just before the callbacks of `setImmediate`. The first one may be called earlier.
    await immediate();
    await immediate();
  }
  server.off('connection', onConnection);
}

/** Stops listening. Resolves when the last connection is closed. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
