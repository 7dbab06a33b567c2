import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import expressStaticGzip from 'express-static-gzip';

/** The placeholder of the nonce in the built page. */
const noncePlaceholder = /CSP_NONCE/g;

/**
 * Serves the console: its page at `/`, and its compressed assets, whose names change with their content, at `/assets`.
 * The JSON Schemas of the API are at `/schemas.json`; clients may cache them for five minutes.
 *
 * The console adds style elements at run time. Each response has a nonce for them, in the page and in its policy.
 *
 * @see https://griffel.js.org/react/guides/csp/
 */
export function serveConsole(folder: string): Router {
  const routes = express.Router({ caseSensitive: true, strict: true });

  routes.get('/', async (_request, response, next) => {
    response.locals.route = '/';
    const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
    // In development the service can start before the console is built.
    if (page === undefined) return next();
    const nonce = randomBytes(16).toString('base64url');
    const policy = String(response.getHeader('content-security-policy')).split("style-src 'self'");
    if (policy.length !== 2) throw new Error('the content security policy must have one style-src');
    response.setHeader('content-security-policy', policy.join(`style-src 'self' 'nonce-${nonce}'`));
    response.type('html').send(page.replaceAll(noncePlaceholder, nonce));
  });

  routes.use(
    '/assets',
    (request, response, next) => {
      response.locals.route = '/assets';
      // The library itself would respond in plain text.
      next(isDecodable(request.path) ? undefined : 'router');
    },
    compressedFiles(join(folder, 'assets'), 'public, max-age=31536000, immutable'),
  );

  const schemas = compressedFiles(folder, 'public, max-age=300');
  routes.get('/schemas.json', (request, response, next) => {
    response.locals.route = '/schemas.json';
    schemas(request, response, next);
  });
  return routes;
}

/** Serves the files of a folder, compressed if there is a compressed file beside them. */
function compressedFiles(folder: string, cacheControl: string): RequestHandler {
  return expressStaticGzip(folder, {
    index: false,
    enableBrotli: true,
    orderPreference: ['br', 'gzip'],
    serveStatic: {
      redirect: false,
      setHeaders: (response) => response.setHeader('cache-control', cacheControl),
    },
  });
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
