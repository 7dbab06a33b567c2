import * as oidc from 'openid-client';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';
import { sendControl } from './controls.js';
import { CookieClient } from './cookie-client.js';
import type { Lifetime } from './fixture.js';

/** The redirect URI of the client. */
export const redirectUri = 'http://localhost:4711/auth/callback';
/** The scope that the client requests for Graph. */
export const graphScope = 'https://graph.microsoft.com/DeviceManagementScripts.ReadWrite.All';
const scope = `openid profile offline_access ${graphScope}`;

type Parameters = Readonly<Record<string, string>>;

/** The simulator of the current test, with an OpenID client and a browser. */
export interface IdentityClient {
  simulator: Simulator;
  config: oidc.Configuration;
  browser: CookieClient;
  /** Starts a simulator with a new client and browser, instead of the current one. */
  readonly start: (options: SimulatorOptions) => Promise<void>;
  /** Discovers the provider as its client; by default with the right secret. */
  readonly discover: (secret?: string, method?: oidc.ClientAuth) => Promise<oidc.Configuration>;
  /** Sends a request to `/simulator/identity`; resolves to the body of a 200, otherwise to the status. */
  readonly control: (method: string, body?: unknown) => Promise<unknown>;
  /** Reads from the simulated Graph. */
  readonly readGraph: (token: string) => Promise<Response>;
  /** Opens an authorization request in the browser. `checks` are for the authorization code grant. */
  readonly authorize: (parameters?: Parameters) => Promise<{
    readonly page: Awaited<ReturnType<CookieClient['open']>>;
    readonly checks: oidc.AuthorizationCodeGrantChecks;
  }>;
  readonly signIn: (
    person: string,
    parameters?: Parameters,
  ) => Promise<Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>>;
  readonly refresh: (tokens: {
    readonly refresh_token?: string | undefined;
  }) => Promise<Awaited<ReturnType<typeof oidc.refreshTokenGrant>>>;
}

/**
 * Starts a simulator with an identity provider and closes it. If all tests share them, each test has a new browser, and
 * the provider's settings and counts are reset.
 */
export function useIdentityClient(lifetime: Lifetime = 'suite'): IdentityClient {
  // The properties are assigned before each test.
  const context = {} as IdentityClient;

  const discover: IdentityClient['discover'] = async (secret, method) => {
    const { issuer, clientId, clientSecret } = context.simulator.identity ?? { issuer: '', clientId: '' };
    const metadata = method === undefined ? (secret ?? clientSecret) : undefined;
    return oidc.discovery(new URL(issuer), clientId, metadata, method, { execute: [oidc.allowInsecureRequests] });
  };

  const start: IdentityClient['start'] = async (options) => {
    context.simulator = await startSimulator(options);
    context.config = await discover();
    context.browser = new CookieClient();
  };

  const authorize: IdentityClient['authorize'] = async (parameters = {}) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
    const url = oidc.buildAuthorizationUrl(context.config, {
      redirect_uri: redirectUri,
      scope,
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    });
    return { page: await context.browser.open(url), checks };
  };

  if (lifetime === 'suite') {
    beforeAll(() => start({ identity: true }));
    beforeEach(async () => {
      await context.control('DELETE');
      context.config = await discover();
      context.browser = new CookieClient();
    });
    afterAll(() => context.simulator.close());
  } else {
    beforeEach(() => start({ identity: true }));
    afterEach(() => context.simulator.close());
  }

  return Object.assign(context, {
    start,
    discover,
    authorize,
    async control(method: string, body?: unknown): Promise<unknown> {
      const response = await sendControl(context.simulator.url, method, 'identity', body);
      return response.status === 200 ? response.json() : response.status;
    },
    readGraph: (token: string) =>
      fetch(`${context.simulator.baseUrl}/deviceManagement/deviceShellScripts?$top=1`, {
        headers: { authorization: `Bearer ${token}` },
      }),
    async signIn(person: string, parameters?: Parameters) {
      const { page, checks } = await authorize(parameters);
      const { url } = await context.browser.open(page.url, { person });
      return oidc.authorizationCodeGrant(context.config, url, checks);
    },
    refresh: (tokens: { readonly refresh_token?: string | undefined }) =>
      oidc.refreshTokenGrant(context.config, tokens.refresh_token ?? ''),
  });
}
