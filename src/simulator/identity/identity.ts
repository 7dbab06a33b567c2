import { randomBytes } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type Provider from 'oidc-provider';
import type { InteractionResults } from 'oidc-provider';
import { z } from 'zod';
import type { Tokens } from '../graph/tokens.js';
import { people } from '../people.js';
import { createSigningKey, loadOidcProvider } from './load-oidc-provider.js';
import { loginPage, messagePage } from './pages.js';
import { createIdentityProvider } from './provider.js';
import { createIdentityControl, type IdentityControl } from './settings.js';

const choice = z.object({ person: z.string() });

/** The simulator's identity provider, and how to be its client. */
export interface Identity {
  readonly issuer: string;
  readonly clientId: string;
  /** Random at every start. */
  readonly clientSecret: string;
  readonly control: IdentityControl;
  /** Serves everything under `/identity`. */
  readonly app: Express;
}

/**
 * Loads what an identity provider needs, and returns what starts it for a simulator's address.
 * @throws Error when the development dependencies are not installed.
 */
export async function prepareIdentity(): Promise<(url: string, tokens: Tokens) => Identity> {
  const [oidc, signingKey] = await Promise.all([loadOidcProvider(), createSigningKey()]);
  return (url, tokens) => {
    const issuer = `${url}/identity`;
    const client = {
      clientId: '5a1b0000-0000-4000-8000-00000000c11e',
      clientSecret: randomBytes(32).toString('base64url'),
    };
    const control = createIdentityControl();
    const provider = createIdentityProvider({ oidc, signingKey, issuer, client, control, tokens });
    return { issuer, ...client, control, app: serve(provider, control) };
  };
}

function serve(provider: Provider, { counts }: IdentityControl): Express {
  const app = express();
  app.disable('x-powered-by');

  // Express 5 takes a returned promise's rejection as an error.
  app.get('/identity/interaction/:uid', (request, response) => ask(provider, request, response));
  app.post('/identity/interaction/:uid', express.urlencoded({ extended: false }), (request, response) => {
    const result = resultOf(choice.parse(request.body).person);
    if (result.login !== undefined) counts.signIns += 1;
    return provider.interactionFinished(request, response, result);
  });
  const callback = provider.callback();
  app.use('/identity', (request, response) => callback(request, response));

  // Express knows an error handler by its four parameters.
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response
      .status(400)
      .send(messagePage('Nobody is signing in here', 'Start the sign-in again from the application.'));
  });
  return app;
}

async function ask(provider: Provider, request: Request, response: Response): Promise<void> {
  await provider.interactionDetails(request, response);
  response.set('cache-control', 'no-store').send(loginPage());
}

function resultOf(key: string): InteractionResults {
  if (key === 'cancel') {
    return { error: 'access_denied', error_description: 'The person cancelled the sign-in' };
  }
  const person = people.find((candidate) => candidate.key === key);
  if (person === undefined) throw new TypeError('No such person');
  return { login: { accountId: person.sub }, select_account: {} };
}
