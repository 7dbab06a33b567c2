import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import compression from 'compression';
import express, { type Router } from 'express';

/** What stands in the built page where the nonce belongs. */
const placeholder = /CSP_NONCE/g;

/**
 * Serves the console: the page at `/`, and below `/assets` its files, whose names change with their content.
 *
 * Its styles are made as they are needed, in style elements that carry the page's nonce; everything else of the
 * policy holds for it as for every answer.
 *
 * @see https://griffel.js.org/react/guides/csp/
 */
export function serveConsole(folder: string): Router {
  const routes = express.Router({ caseSensitive: true, strict: true });

  routes.get('/', async (_request, response, next) => {
    response.locals.route = '/';
    const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
    // While it is developed it may not have been built yet.
    if (page === undefined) return next();
    const nonce = randomBytes(16).toString('base64url');
    const policy = String(response.getHeader('content-security-policy')).split("style-src 'self'");
    if (policy.length !== 2) throw new Error('the policy has no place for the nonce');
    response.setHeader('content-security-policy', policy.join(`style-src 'self' 'nonce-${nonce}'`));
    response.type('html').send(page.replaceAll(placeholder, nonce));
  });

  routes.use(
    '/assets',
    (_request, response, next) => {
      response.locals.route = '/assets';
      next();
    },
    compression(),
    express.static(join(folder, 'assets'), {
      index: false,
      redirect: false,
      setHeaders: (response) => response.setHeader('cache-control', 'public, max-age=31536000, immutable'),
    }),
  );
  return routes;
}
