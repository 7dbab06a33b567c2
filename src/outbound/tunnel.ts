import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { ProxyError } from './proxy-error.js';

/**
 * Opens a connection through an HTTP proxy with CONNECT.
 *
 * @param target the host and port of the server, an IPv6 address in brackets
 * @param timeoutMs the longest time for the connection to the proxy and its response
 * @param callback called with a {@link ProxyError} if the proxy cannot be reached, or responds with another status
 *   than 200
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
 */
export function openTunnel(
  proxy: URL,
  target: string,
  timeoutMs: number,
  callback: (...result: [null, Socket] | [ProxyError, null]) => void,
): void {
  const request = proxy.protocol === 'https:' ? requestHttps : requestHttp;
  // Without the brackets of an IPv6 address.
  const hostname = proxy.hostname.replace(/^\[|\]$/g, '');
  const connect = request({
    protocol: proxy.protocol,
    hostname,
    port: proxy.port,
    // Node would take the name from the header `host`. An address is not a server name (RFC 6066, 3).
    servername: isIP(hostname) === 0 ? hostname : '',
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...authorization(proxy) },
    agent: false,
  });
  const timer = setTimeout(() => {
    connect.destroy(Object.assign(new Error('the proxy did not respond in time'), { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  const fail = (problem: number | Error) => {
    clearTimeout(timer);
    callback(new ProxyError(proxy.host, target, problem), null);
  };
  connect.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
    if (statusCode !== 200) {
      socket.destroy();
      return fail(statusCode);
    }
    clearTimeout(timer);
    if (head.length > 0) socket.unshift(head);
    callback(null, socket);
  });
  connect.once('error', fail);
  connect.end();
}

function authorization({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
