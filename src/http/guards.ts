import type { Request, RequestHandler } from 'express';
import { text } from 'express';
import { invalidInput, Refusal } from '../api/errors.js';
import { isLoopback } from '../loopback.js';

const maxBodyBytes = 64 * 1024;
const maxLongBodyBytes = 1024 * 1024;

/** HTTP/1.1 wants one `Host` (RFC 9112, 3.2). */
export const requireHost: RequestHandler = (request, _response, next) => {
  const hosts = request.headersDistinct['host'] ?? [];
  if (hosts.length > 1 || (hosts.length === 0 && request.httpVersion !== '1.0'))
    throw invalidInput('wants one host header');
  next();
};

/**
 * Without sign-in, being on this machine is what lets a caller in. A page whose name has been pointed at this machine
 * (DNS rebinding) is there too, but its browser still sends the page's own name.
 */
export function requireLocalHost(publicUrl: URL | undefined): RequestHandler {
  return (request, _response, next) => {
    const host = URL.canParse(`http://${request.get('host')}`) ? new URL(`http://${request.get('host')}`) : undefined;
    const isLocal = host !== undefined && (isLoopback(host.hostname) || host.hostname === publicUrl?.hostname);
    if (!isLocal) throw new Refusal('REQUEST_REFUSED');
    next();
  };
}

/** Calls come by GET or POST and in no other way. There is no CORS: a preflight is refused like everything else. */
export const requireMethod: RequestHandler = (request, response, next) => {
  if (request.method !== 'GET' && request.method !== 'POST') {
    response.setHeader('allow', 'GET, POST');
    throw invalidInput('wants GET or POST', [], 'METHOD_NOT_SUPPORTED');
  }
  next();
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
export function requireOwnSite(publicUrl: URL | undefined): RequestHandler {
  return (request, _response, next) => {
    const site = request.get('sec-fetch-site');
    const origin = request.get('origin');
    const own = publicOrigin(request, publicUrl);
    const fromOwnSite = site === undefined ? origin === undefined || origin === own : site === 'same-origin';
    if (request.get('x-csrf') !== '1' || !fromOwnSite) throw new Refusal('REQUEST_REFUSED');
    next();
  };
}

/** A body is JSON, and says so. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const type = request.get('content-type');
  const needed = request.method === 'POST' || type !== undefined;
  if (needed && !/^application\/json\s*(;\s*charset=("utf-8"|utf-8)\s*)?$/i.test(type ?? '')) {
    throw invalidInput('the content type must be application/json', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  next();
};

/** Reads the body under its limit, as text: parsing it is tRPC's. */
export const readBody: RequestHandler = (request, response, next) => {
  (response.locals.calls?.long ? readLong : readShort)(request, response, next);
};

const readShort = text({ type: 'application/json', limit: maxBodyBytes, inflate: false });
const readLong = text({ type: 'application/json', limit: maxLongBodyBytes, inflate: false });
