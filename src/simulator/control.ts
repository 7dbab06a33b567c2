import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { simulatorFaults } from './faults/fault-names.js';
import { type FaultRules, faultRule } from './faults/fault-rules.js';
import { type Approvals, approvalStatuses } from './graph/approvals.js';
import type { TokenRegistry } from './graph/token-registry.js';
import { type IdentityState, identityPatch } from './identity/settings.js';
import type { Journal } from './journal.js';
import { type SimulatorSettings, settingsPatch } from './settings.js';

/** The parts that the control endpoints act on. */
export interface ControlParts {
  readonly settings: SimulatorSettings;
  readonly tokens: TokenRegistry;
  readonly approvals: Approvals;
  readonly rules: FaultRules;
  readonly journal: Journal;
  /** The state of the identity provider; undefined without one. */
  readonly identity?: IdentityState | undefined;
  /** Where the simulator serves https; undefined if it does not. */
  readonly tls?: { readonly url: string; readonly certificate: string } | undefined;
}

const roles = z.array(z.string()).exactOptional();
const tokenRequest = z.strictObject({
  claims: z.string().refine(isJson, 'must be JSON text').exactOptional(),
  roles,
  // Negative for a token that has expired.
  lifetimeMs: z.int().exactOptional(),
  identity: z.string().exactOptional(),
});
const literalToken = z.strictObject({
  token: z.string().regex(/^\S+$/),
  roles,
  identity: z.string().exactOptional(),
});
const approvalStatus = z.strictObject({ status: z.enum(approvalStatuses) });
const journalQuery = z.strictObject({ after: z.coerce.number().int().min(0).default(0) });
const faultRules = z.union([z.array(faultRule), faultRule.transform((rule) => [rule])]);

const endpoints = [
  'POST /simulator/token',
  'POST /simulator/tokens',
  'POST /simulator/faults',
  'DELETE /simulator/faults',
  'GET /simulator/journal',
  'DELETE /simulator/journal',
  'GET /simulator/approvals',
  'DELETE /simulator/approvals',
  'POST /simulator/approvals/:code',
  'PATCH /simulator/approvals/:code',
  'PATCH /simulator/settings',
] as const;
const identityEndpoints = [
  'GET /simulator/identity',
  'PATCH /simulator/identity',
  'DELETE /simulator/identity',
] as const;

/** Creates the control endpoints, under `/simulator`. */
export function createControl({ settings, tokens, approvals, rules, journal, identity, tls }: ControlParts): Express {
  const available = identity === undefined ? endpoints : [...endpoints, ...identityEndpoints];
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '1mb' }));

  app.get('/simulator', (_request, response) => {
    response.json({
      about: 'A simulator of Microsoft Graph. All data is simulated.',
      endpoints: available,
      faults: simulatorFaults,
      ...(tls && { tls: { url: tls.url, certificate: tls.certificate } }),
    });
  });
  app.post('/simulator/token', (request, response) => {
    response.json(tokens.issue(tokenRequest.parse(request.body ?? {})));
  });
  app.post('/simulator/tokens', (request, response) => {
    const { token, roles: tokenRoles, ...options } = literalToken.parse(request.body);
    tokens.register(token, tokenRoles, options);
    response.status(204).end();
  });
  app.post('/simulator/faults', (request, response) => {
    rules.add(faultRules.parse(request.body));
    response.status(204).end();
  });
  app.delete('/simulator/faults', (_request, response) => {
    rules.clear();
    response.status(204).end();
  });
  app.get('/simulator/journal', (request, response) => {
    response.json({ entries: journal.entries(journalQuery.parse(request.query).after) });
  });
  app.delete('/simulator/journal', (_request, response) => {
    journal.clear();
    response.status(204).end();
  });
  app.get('/simulator/approvals', (_request, response) => {
    response.json({ approvals: approvals.list() });
  });
  app.delete('/simulator/approvals', (_request, response) => {
    approvals.clear();
    response.status(204).end();
  });
  app.post('/simulator/approvals/:code', (request, response) => {
    response.status(approvals.setStatus(request.params.code, 'approved') ? 204 : 404).end();
  });
  app.patch('/simulator/approvals/:code', (request, response) => {
    const { status } = approvalStatus.parse(request.body);
    response.status(approvals.setStatus(request.params.code, status) ? 204 : 404).end();
  });
  app.patch('/simulator/settings', (request, response) => {
    response.json(Object.assign(settings, settingsPatch.parse(request.body)));
  });

  if (identity !== undefined) addIdentityEndpoints(app, identity);

  app.use((_request, response) => {
    response.status(404).json({ error: 'No such endpoint', endpoints: available });
  });
  // Express identifies an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(400).json({ error: error instanceof z.ZodError ? error.issues : 'The body must be JSON' });
  });
  return app;
}

function addIdentityEndpoints(app: Express, identity: IdentityState): void {
  app.get('/simulator/identity', (_request, response) => {
    response.json(identity.counts);
  });
  app.patch('/simulator/identity', (request, response) => {
    response.json(Object.assign(identity.settings, identityPatch.parse(request.body)));
  });
  app.delete('/simulator/identity', (_request, response) => {
    identity.reset();
    response.status(204).end();
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
