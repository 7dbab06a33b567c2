import type { Request, RequestHandler } from 'express';
import { invalidInput, Refusal } from '../api/errors.js';
import { isLoopback } from '../loopback.js';

/**
 * Requires a request target that is a path. Absolute URLs and `*` are for proxies, and browsers never send a fragment:
 * parsers disagree about all three.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export const requirePath: RequestHandler = (request, _response, next) => {
  if (!/^\/[^#]*$/.test(request.url)) throw invalidInput('The request target must be a path');
  next();
};

/**
 * Requires at most one `Host` header, with a valid host. Node itself rejects HTTP/1.1 requests without one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export const requireValidHost: RequestHandler = (request, _response, next) => {
  const { host: hosts = [] } = request.headersDistinct;
  if (hosts.length > 1 || !hosts.every(isHost)) throw invalidInput('The request must have one valid Host header');
  next();
};

function isHost(text: string): boolean {
  return !/[@/?#\\]/.test(text) && URL.canParse(`http://${text}`);
}

/**
 * Requires a `Host` header that names this machine, for a service without sign-in. With DNS rebinding, a page of
 * another site can reach a loopback address, but its browser still sends the page's own host name.
 */
export function requireLocalHost(publicUrl: URL | undefined): RequestHandler {
  return (request, _response, next) => {
    const name = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(request.headers.host ?? '')?.[1] ?? '';
    const isLocal = isLoopback(name) || name.toLowerCase() === publicUrl?.hostname;
    if (!isLocal) throw new Refusal('REQUEST_REFUSED');
    next();
  };
}

/** Requires GET or POST. There is no CORS: a preflight request is rejected like any other method. */
export const requireMethod: RequestHandler = (request, response, next) => {
  if (request.method !== 'GET' && request.method !== 'POST') {
    response.setHeader('allow', 'GET, POST');
    throw invalidInput('The method must be GET or POST', [], 'METHOD_NOT_SUPPORTED');
  }
  next();
};

/** The origin that browsers use: that of the public URL, or else localhost at the port that received the request. */
export function publicOrigin(request: Request, publicUrl: URL | undefined): string {
  return publicUrl?.origin ?? `http://localhost:${request.socket.localPort}`;
}

/**
 * Protects against cross-site request forgery. A page can't send a custom header to another origin without a preflight
 * request, and can't forge `Sec-Fetch-Site`.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function requireSameOrigin(publicUrl: URL | undefined): RequestHandler {
  return (request, _response, next) => {
    const { origin, 'sec-fetch-site': site, 'x-csrf': csrf } = request.headers;
    const isSameOrigin =
      site === undefined ? origin === undefined || origin === publicOrigin(request, publicUrl) : site === 'same-origin';
    if (csrf !== '1' || !isSameOrigin) throw new Refusal('REQUEST_REFUSED');
    next();
  };
}

/**
 * Requires that a body is declared as JSON in UTF-8. An empty parameter and the name `utf8` are common, and accepted.
 */
export const requireJson: RequestHandler = (request, _response, next) => {
  const { 'content-type': type = '' } = request.headers;
  if (request.method !== 'POST' && type === '') return next();
  const [mediaType = '', ...parameters] = type
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (mediaType !== 'application/json') {
    throw invalidInput('The content-type must be application/json', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  if (!parameters.every((parameter) => /^(charset=("utf-?8"|utf-?8))?$/.test(parameter))) {
    throw invalidInput('The only parameter of the content-type may be charset=utf-8', [], 'UNSUPPORTED_MEDIA_TYPE');
  }
  next();
};
