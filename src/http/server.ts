import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { invalidInput } from '../api/errors.js';
import { refusalBody } from './refusal.js';

/** Makes the HTTP server, with limits on slow headers, slow bodies and idle connections. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
      // Longer than the 60 s after which most load balancers close an idle connection, so that they do it first.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 24 * 1024,
      // Answered by the app instead, in the contract's shape.
      requireHostHeader: false,
    },
    listener,
  );
  server.on('clientError', refuseUnreadable);
  // An `Expect` other than 100-continue: nothing here depends on it.
  server.on('checkExpectation', listener);
  return server;
}

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

/** What Node can't parse never becomes a request; it gets the same kind of answer all the same. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const code = tooLarge ? 'PAYLOAD_TOO_LARGE' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'TIMEOUT' : 'BAD_REQUEST';
  const requestId = crypto.randomUUID();
  const { status, body } = refusalBody(invalidInput('the request can not be read', [], code), requestId);
  const json = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `x-request-id: ${requestId}\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}
