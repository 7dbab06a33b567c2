import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Reason } from './api/error-data.js';
import { procedures } from './api/router.js';
import type { SignIn } from './auth/sign-in.js';
import { admit } from './http/admission.js';
import { authenticate } from './http/authentication.js';
import { serveConsole } from './http/console.js';
import type { Drain } from './http/drain.js';
import { errorHandler, notFound } from './http/error-handler.js';
import {
  requireJson,
  requireLocalHost,
  requireMethod,
  requirePath,
  requireSameOrigin,
  requireValidHost,
} from './http/guards.js';
import { liveness, readiness } from './http/health.js';
import { logRequests } from './http/request-log.js';
import { noStore, securityHeaders } from './http/security-headers.js';
import { readBodyIfAuthorized } from './http/trpc/authorization.js';
import { parseCalls } from './http/trpc/calls.js';
import type { ContextParts } from './http/trpc/context.js';
import { trpcHandler } from './http/trpc/handler.js';

/** The parts of the app. */
export interface AppParts extends ContextParts {
  readonly log: Logger;
  readonly signIn: Omit<SignIn, 'checkProvider'>;
  readonly drain: Drain;
  /** Whether the service can serve calls. */
  readonly isReady: () => Promise<boolean>;
  /** The folder of the built console. */
  readonly consoleFolder: string;
  /** Called for each request that is rejected before tRPC handles it. */
  readonly observeRefusal: (reason: Reason) => void;
  /** The origin that browsers use; if undefined, localhost at the port that received the request. */
  readonly publicUrl: URL | undefined;
}

/** Creates the app: the whole path of a request, from top to bottom. @param callProcedures replaces the tRPC handler */
export function createApp(parts: AppParts, callProcedures: RequestHandler = trpcHandler(parts)): Express {
  const { consoleFolder, drain, isReady, log, publicUrl, signIn } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(logRequests(log));
  app.use(drain.track);
  app.use(securityHeaders(publicUrl?.protocol === 'https:'));
  app.use(noStore);
  app.use(requirePath);
  app.use(requireValidHost);

  // A route: `app.all` would add each handler once per HTTP method.
  app
    .route('/trpc/:calls')
    .all(
      signIn.sessions ?? requireLocalHost(publicUrl),
      requireMethod,
      requireSameOrigin(publicUrl),
      requireJson,
      parseCalls(procedures),
      authenticate(signIn.authenticate),
      admit(),
      readBodyIfAuthorized(procedures),
      callProcedures,
    );
  if (signIn.routes !== undefined) app.use('/auth', signIn.routes);
  const { routes, notFoundPage } = serveConsole(consoleFolder);
  app.use(routes);
  app.get('/healthz', liveness);
  app.get('/readyz', readiness(isReady));

  app.use(notFoundPage);
  app.use(notFound);
  app.use(errorHandler(log, parts.observeRefusal));
  return app;
}
