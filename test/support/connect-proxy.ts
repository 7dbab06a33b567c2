import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { IssuedCertificate } from './authority.js';

/** A request for a tunnel. */
export interface ConnectRequest {
  /** The host and port of the server. */
  readonly target: string;
  readonly authorization: string | undefined;
}

/** An HTTP proxy that opens tunnels. All of them lead to one port of this machine, whatever the requested server. */
export interface ConnectProxy {
  readonly port: number;
  readonly connects: readonly ConnectRequest[];
  /** The URLs of requests that are not CONNECT. */
  readonly forwarded: readonly string[];
  /** What it responds: a tunnel, an error status, or nothing. */
  behavior: 'connect' | 'hang' | number;
  /** Closes all tunnels. */
  closeTunnels(): void;
  reset(): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy.
 *
 * @param targetPort the port to which all tunnels lead
 * @param certificate of a proxy whose clients connect with TLS
 */
export async function startConnectProxy(targetPort: number, certificate?: IssuedCertificate): Promise<ConnectProxy> {
  const connects: ConnectRequest[] = [];
  const forwarded: string[] = [];
  const sockets = new Set<Socket>();
  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on('request', (request, response) => {
    forwarded.push(request.url ?? '');
    response.writeHead(400).end();
  });
  server.on('connect', (request, client: Socket) => {
    client.on('error', () => client.destroy());
    connects.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    if (proxy.behavior === 'hang') return;
    if (proxy.behavior !== 'connect') {
      const body = `canary-of-the-proxy {"error":{"code":"Forbidden"}}`;
      client.end(`HTTP/1.1 ${proxy.behavior} No\r\nrequest-id: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    const onward = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(client);
      client.pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.once('close', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closeTunnels = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port,
    connects,
    forwarded,
    behavior: 'connect',
    closeTunnels,
    reset() {
      proxy.behavior = 'connect';
      connects.length = 0;
      forwarded.length = 0;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      closeTunnels();
      await closed;
    },
  };
  return proxy;
}
