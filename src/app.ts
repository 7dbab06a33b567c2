import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Reason } from './api/errors.js';
import { procedures } from './api/router.js';
import type { SignIn } from './auth/create-sign-in.js';
import { authenticate } from './http/authenticate.js';
import { serveConsole } from './http/console.js';
import type { Drain } from './http/drain.js';
import { errorHandler, notFound } from './http/error-handler.js';
import { requireHost, requireJson, requireLocalHost, requireMethod, requireOwnSite } from './http/guards.js';
import { alive, readiness } from './http/health.js';
import { logRequests } from './http/request-log.js';
import { securityHeaders } from './http/security-headers.js';
import { syncMiddleware } from './http/sync-middleware.js';
import type { ContextParts } from './http/trpc/create-context.js';
import { trpcHandler } from './http/trpc/handler.js';
import { parseCalls } from './http/trpc/parse-calls.js';
import { readBody } from './http/trpc/read-body.js';

/** The parts of the app. */
export interface AppParts extends ContextParts {
  readonly log: Logger;
  readonly signIn: SignIn;
  readonly drain: Drain;
  /** Whether the service can serve calls. */
  readonly isReady: () => Promise<boolean>;
  /** The folder of the built console. */
  readonly consoleFolder: string;
  /** Called for each request that is refused before tRPC. */
  readonly observeRefusal: (reason: Reason) => void;
  /** The origin that browsers use; by default localhost at the port of the request. */
  readonly publicUrl: URL | undefined;
}

/** Creates the app. This function is the whole path of a request, from top to bottom. */
export function createApp(parts: AppParts): Express {
  const { consoleFolder, drain, isReady, log, publicUrl, signIn } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(
    syncMiddleware(logRequests(log), drain.track, securityHeaders(publicUrl?.protocol === 'https:'), requireHost),
  );

  app.get('/healthz', alive);
  app.get('/readyz', readiness(isReady));
  app.use(serveConsole(consoleFolder));

  if (signIn.routes !== undefined) app.use('/auth', signIn.routes);
  app.use(signIn.sessions ?? syncMiddleware(requireLocalHost(publicUrl)));

  app.all(
    '/trpc/:calls',
    syncMiddleware(requireMethod, requireOwnSite(publicUrl), requireJson, parseCalls(procedures)),
    authenticate(signIn.authenticate),
    readBody,
    trpcHandler(parts),
  );

  app.use(notFound);
  app.use(errorHandler(log, parts.observeRefusal));
  return app;
}
