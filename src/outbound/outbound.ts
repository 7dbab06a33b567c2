import { Agent, buildConnector, fetch as fetchWith, type RequestInit, type Response } from 'undici';
import type { Secret } from '../secret.js';
import { createProxyBypass } from './no-proxy.js';
import { openTunnel } from './tunnel.js';

/** The settings of the proxy. */
export interface ProxySettings {
  readonly HTTPS_PROXY?: Secret | undefined;
  readonly NO_PROXY?: string | undefined;
}

/** Connects to a server. Undici's `connect` option. */
export type Connector = buildConnector.connector;

/** `fetch` of undici. */
export type OutboundFetch = (url: string, options: Omit<RequestInit, 'dispatcher'>) => Promise<Response>;

/** The way to other servers: through the proxy, if there is one. */
export interface Outbound {
  readonly connect: Connector;
  readonly fetch: OutboundFetch;
}

/** The longest time for a connection, and for the proxy's response before it. */
const connectTimeoutMs = 10_000;

/** Creates the connections that the settings of the proxy select. Connections with plain http never use the proxy. */
export function createOutbound({ HTTPS_PROXY, NO_PROXY = '' }: ProxySettings): Outbound {
  const connect = HTTPS_PROXY === undefined ? direct() : throughProxy(new URL(HTTPS_PROXY.reveal()), NO_PROXY);
  const dispatcher = new Agent({ connect });
  return {
    connect,
    fetch: (url, options) => fetchWith(url, { ...options, dispatcher }),
  };
}

function direct(): Connector {
  return buildConnector({ timeout: connectTimeoutMs });
}

function throughProxy(proxy: URL, noProxy: string): Connector {
  const connect = direct();
  const bypasses = createProxyBypass(noProxy);
  return (options, callback) => {
    const { protocol, hostname, port } = options;
    const targetPort = Number(port) || 443;
    if (protocol !== 'https:' || bypasses(hostname, targetPort)) return connect(options, callback);
    const target = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${targetPort}`;
    openTunnel(proxy, target, connectTimeoutMs, (...[error, httpSocket]) => {
      if (error === null) connect({ ...options, httpSocket }, callback);
      else callback(error, null);
    });
  };
}
