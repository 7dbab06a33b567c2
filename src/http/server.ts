import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { invalidInput } from '../api/errors.js';
import { refusalBody } from './error-handler.js';
import { shapesOf } from './express-shapes.js';

/** Makes the HTTP server, with limits on slow headers, slow bodies and idle connections. */
export function createHttpServer(app: Express, log: Logger): Server {
  const unanswered = new WeakMap<Duplex, Set<ServerResponse>>();
  const listener: RequestListener = (request, response) => {
    const own = unanswered.get(request.socket);
    own?.add(response);
    response.once('close', () => own?.delete(response));
    // A whole address or `*` is for proxies and servers as such, which this is not; a fragment is nobody's but browsers'.
    if (/^\/[^#]*$/.test(request.url ?? '')) app(request, response);
    else answer(response, refusal('BAD_REQUEST', log));
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
  server.on('connection', (socket) => {
    const own = new Set<ServerResponse>();
    unanswered.set(socket, own);
    // Node closes the answer that is being sent, but not those that wait behind it on the same connection.
    socket.once('close', () => {
      setImmediate(() => {
        for (const response of own) response.emit('close');
      });
    });
  });
  // What comes behind a call must not be answered in the place of that call's answer.
  const refuse = (socket: Duplex, code: TRPC_ERROR_CODE_KEY) => {
    const isBusy = [...(unanswered.get(socket) ?? [])].some((each) => !each.writableEnded);
    if (isBusy || !socket.writable) socket.destroy();
    else answerBare(socket, refusal(code, log));
  };
  // An `Expect` other than 100-continue: nothing here depends on it.
  server.on('checkExpectation', listener);
  // Nothing is tunnelled here.
  server.on('connect', (_request, socket) => refuse(socket, 'METHOD_NOT_SUPPORTED'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, unreadable[error.code ?? ''] ?? 'BAD_REQUEST');
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

/** The answer to what can't be read. */
function refusal(code: TRPC_ERROR_CODE_KEY, log: Logger) {
  const requestId = crypto.randomUUID();
  const { status, body } = refusalBody(invalidInput('the request can not be read', [], code), requestId);
  log.info({ requestId, status, code }, 'unreadable request refused');
  const text = JSON.stringify(body);
  const headers = {
    connection: 'close',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': requestId,
  };
  return { status, headers, text };
}

type Refused = ReturnType<typeof refusal>;

function answer(response: ServerResponse, { status, headers, text }: Refused): void {
  response.writeHead(status, headers).end(text);
}

/** Answers on a bare connection, and closes it. */
function answerBare(socket: Duplex, { status, headers, text }: Refused): void {
  const lines = Object.entries(headers).map((pair) => pair.join(': '));
  // Node has taken its own listener off a tunnelled socket: without one, a reset would end the process.
  socket.on('error', () => socket.destroy());
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n');
  socket.end(`${head}\r\n\r\n${text}`, () => socket.destroy());
}
