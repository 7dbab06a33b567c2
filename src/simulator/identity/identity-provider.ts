import { randomBytes } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type Provider from 'oidc-provider';
import type { InteractionResults } from 'oidc-provider';
import { z } from 'zod';
import type { TokenRegistry } from '../graph/token-registry.js';
import { createSigningKey, loadOidcProvider } from './load-oidc-provider.js';
import { createOidcProvider, type SimulatedClient } from './oidc-provider.js';
import { loginPage, messagePage } from './pages.js';
import { sampleUsers } from './sample-users.js';
import { createIdentityState, type IdentityState } from './settings.js';

const loginForm = z.object({ person: z.string() });

/** The simulator's identity provider, with the credentials of its client. */
export interface SimulatedIdentityProvider {
  readonly client: SimulatedClient;
  readonly state: IdentityState;
  /** Handles all requests under `/identity`. */
  readonly app: Express;
}

/**
 * Loads the dependencies of the identity provider, and returns the function that creates it for a simulator's URL.
 * @throws {Error} if the development dependencies are not installed
 */
export async function loadIdentityProvider(): Promise<
  (url: string, tokens: TokenRegistry) => SimulatedIdentityProvider
> {
  const [oidc, signingKey] = await Promise.all([loadOidcProvider(), createSigningKey()]);
  return (url, tokens) => {
    const client: SimulatedClient = {
      issuer: `${url}/identity`,
      clientId: '5a1b0000-0000-4000-8000-00000000c11e',
      clientSecret: randomBytes(32).toString('base64url'),
    };
    const state = createIdentityState();
    const provider = createOidcProvider({ oidc, signingKey, client, state, tokens });
    return { client, state, app: createIdentityApp(provider, state) };
  };
}

function createIdentityApp(provider: Provider, { counts }: IdentityState): Express {
  const app = express();
  app.disable('x-powered-by');

  // Express 5 passes the rejection of a returned promise to the error handler.
  app.get('/identity/interaction/:uid', (request, response) => showLoginPage(provider, request, response));
  app.post('/identity/interaction/:uid', express.urlencoded({ extended: false }), (request, response) => {
    const result = interactionResult(loginForm.parse(request.body).person);
    if (result.login !== undefined) counts.signIns += 1;
    return provider.interactionFinished(request, response, result);
  });
  const callback = provider.callback();
  app.use('/identity', (request, response) => callback(request, response));

  // Express identifies an error handler by its four parameters.
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(400).send(messagePage('Sign-in failed', 'Start the sign-in again from the application.'));
  });
  return app;
}

async function showLoginPage(provider: Provider, request: Request, response: Response): Promise<void> {
  await provider.interactionDetails(request, response);
  response.set('cache-control', 'no-store').send(loginPage());
}

function interactionResult(key: string): InteractionResults {
  if (key === 'cancel') {
    return { error: 'access_denied', error_description: 'The user cancelled the sign-in' };
  }
  const user = sampleUsers.find((candidate) => candidate.key === key);
  if (user === undefined) throw new TypeError('Unknown user');
  return { login: { accountId: user.sub }, select_account: {} };
}
