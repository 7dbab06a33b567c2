import type { Request } from 'express';
import { invalidInput, Refusal } from '../api/errors.js';
import { isLoopback } from '../loopback.js';
import type { SyncMiddleware } from './sync-middleware.js';

/** HTTP/1.1 wants one `Host`, and that it names one (RFC 9112, 3.2). */
export const requireHost: SyncMiddleware = (request) => {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name)).length;
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) throw invalidInput('wants one host header');
  const { host } = request.headers;
  if (host !== undefined && (/[@/?#\\]/.test(host) || !URL.canParse(`http://${host}`))) {
    throw invalidInput('the host header names no host');
  }
};

/**
 * Without sign-in, being on this machine is what lets a caller in. A page whose name has been pointed at this machine
 * (DNS rebinding) is there too, but its browser still sends the page's own name.
 */
export function requireLocalHost(publicUrl: URL | undefined): SyncMiddleware {
  return (request) => {
    const name = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(request.headers.host ?? '')?.[1] ?? '';
    const isLocal = isLoopback(name) || name.toLowerCase() === publicUrl?.hostname;
    if (!isLocal) throw new Refusal('REQUEST_REFUSED');
  };
}

/** Calls come by GET or POST and in no other way. There is no CORS: a preflight is refused like everything else. */
export const requireMethod: SyncMiddleware = (request, response) => {
  if (request.method !== 'GET' && request.method !== 'POST') {
    response.setHeader('allow', 'GET, POST');
    throw invalidInput('wants GET or POST', [], 'METHOD_NOT_SUPPORTED');
  }
};

/** The origin that browsers use: the public address, or localhost at whatever port the request came to. */
export function publicOrigin(request: Request, publicUrl: URL | undefined): string {
  return publicUrl?.origin ?? `http://localhost:${request.socket.localPort}`;
}

/**
 * Refuses what another site's page can make a browser send. A header of one's own can't be sent across origins without
 * a preflight, and `Sec-Fetch-Site` can't be forged by a page at all.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function requireOwnSite(publicUrl: URL | undefined): SyncMiddleware {
  return (request) => {
    const site = request.headers['sec-fetch-site'];
    const origin = request.headers.origin;
    const own = publicOrigin(request, publicUrl);
    const fromOwnSite = site === undefined ? origin === undefined || origin === own : site === 'same-origin';
    if (request.headers['x-csrf'] !== '1' || !fromOwnSite) throw new Refusal('REQUEST_REFUSED');
  };
}

/** A body is JSON, and says so. */
export const requireJson: SyncMiddleware = (request) => {
  const type = request.headers['content-type'];
  const needed = request.method === 'POST' || type !== undefined;
  if (needed && !/^application\/json\s*(;\s*charset=("utf-8"|utf-8)\s*)?$/i.test(type ?? '')) {
    throw invalidInput('the content type must be application/json', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
};
