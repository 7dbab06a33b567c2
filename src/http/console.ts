import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type NextFunction, type RequestHandler, type Response, type Router } from 'express';
import expressStaticGzip from 'express-static-gzip';
import { scriptFields, userId } from '../api/inputs/target.js';
import { jobId } from '../api/inputs/update-job.js';

/** The placeholder of the nonce in the built page. */
const noncePlaceholder = /CSP_NONCE/g;

/** Whether each parameter of a path is valid. A path with any other value belongs to no page. */
const isValidParameter: Readonly<Record<string, (value: string) => boolean>> = {
  scriptKind: (value) => scriptFields.scriptKind.safeParse(value).success,
  scriptId: (value) => scriptFields.scriptId.safeParse(value).success,
  userId: (value) => userId.safeParse(value).success,
  jobId: (value) => jobId.safeParse(value).success,
};

/** The paths of the console's pages. Its router has the same ones. */
const pages = ['/', '/scripts/:scriptKind/:scriptId', '/people/:userId', '/activity', '/activity/:jobId'];

/** The handlers of the console. */
export interface ConsoleHandlers {
  readonly routes: Router;
  /** Shows a browser that an address does not exist. Passes the requests of other clients to the next handler. */
  readonly notFoundPage: RequestHandler;
}

/**
 * Serves the console: one document for all its pages, which the browser renders by their path, and its compressed
 * assets, whose names change with their content, at `/assets`.
 * The JSON Schemas of the API are at `/schemas.json`; clients may cache them for five minutes.
 *
 * The console adds style elements at run time. Each response has a nonce for them, in the page and in its policy.
 *
 * @see https://griffel.js.org/react/guides/csp/
 */
export function serveConsole(folder: string): ConsoleHandlers {
  const routes = express.Router({ caseSensitive: true, strict: true });

  // Otherwise Express and the library for static files would respond to these paths with errors of their own.
  routes.use((request, _response, next) => next(isDecodable(request.path) ? undefined : 'router'));

  async function sendPage(response: Response, next: NextFunction): Promise<void> {
    const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
    // In development the service can start before the console is built.
    if (page === undefined) return next();
    const nonce = randomBytes(16).toString('base64url');
    const policy = String(response.getHeader('content-security-policy')).split("style-src 'self'");
    if (policy.length !== 2) throw new Error('the content security policy must have one style-src');
    response.setHeader('content-security-policy', policy.join(`style-src 'self' 'nonce-${nonce}'`));
    // `send` would answer a conditional request with 304, although each page has its own nonce.
    response.type('html').end(page.replaceAll(noncePlaceholder, nonce));
  }
  for (const path of pages) {
    // The route in the log names the page, and holds no text from the request.
    routes.get(path, async ({ params }, response, next) => {
      if (!Object.entries(params).every(([name, value]) => isValidParameter[name]?.(String(value)))) return next();
      response.locals.route = path;
      await sendPage(response, next);
    });
  }

  routes.use(
    '/assets',
    (_request, response, next) => {
      response.locals.route = '/assets';
      next();
    },
    compressedFiles(join(folder, 'assets'), 'public, max-age=31536000, immutable'),
  );

  const schemas = compressedFiles(folder, 'public, max-age=300');
  routes.get('/schemas.json', (request, response, next) => {
    response.locals.route = '/schemas.json';
    schemas(request, response, next);
  });
  return {
    routes,
    async notFoundPage(request, response, next) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!isRead || !isDecodable(request.path)) return next();
      response.vary('accept');
      if (request.accepts(['json', 'html']) !== 'html') return next();
      response.status(404);
      await sendPage(response, next);
    },
  };
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
