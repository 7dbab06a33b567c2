import express, { type Express } from 'express';
import type { Logger } from 'pino';
import { procedureTypes } from './api/router.js';
import type { Authenticate } from './auth/authenticate.js';
import { requireCalls } from './http/calls.js';
import type { Drain } from './http/drain.js';
import { readBody, requireHost, requireJson, requireLocalHost, requireMethod, requireOwnSite } from './http/guards.js';
import { alive, readiness } from './http/health.js';
import { identify } from './http/identify.js';
import { answerErrors, notFound } from './http/refusal.js';
import { logRequests } from './http/request-log.js';
import { answerCalls, type TrpcParts } from './http/trpc-handler.js';

/** What the app is made of. */
export interface AppParts extends TrpcParts {
  readonly log: Logger;
  readonly authenticate: Authenticate;
  readonly drain: Drain;
  /** The origin that browsers use; without it, localhost at whatever port the request came to. */
  readonly publicUrl: URL | undefined;
  /** Whether only callers on this machine are let in. */
  readonly localOnly: boolean;
}

/** The whole way of a request, top to bottom. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(logRequests(parts.log));
  app.use(parts.drain.watch);
  app.use(requireHost);

  app.get('/healthz', alive);
  app.get(
    '/readyz',
    readiness(() => !parts.drain.draining),
  );

  app.all(
    '/trpc/:calls',
    ...(parts.localOnly ? [requireLocalHost(parts.publicUrl)] : []),
    requireMethod,
    requireOwnSite(parts.publicUrl),
    requireJson,
    requireCalls(procedureTypes),
    identify(parts.authenticate),
    readBody,
    answerCalls(parts),
  );

  app.use(notFound);
  app.use(answerErrors(parts.log));
  return app;
}
