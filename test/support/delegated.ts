import type { TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../src/contract.js';
import { clientWith } from './clients.js';
import { startTestService, type TestService } from './service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from './simulator.js';
import { findState, type KnownState } from './states.js';
import { createUserAgent, type ServiceAddress, type UserAgent } from './user-agent.js';

const sessionSecret = 'a-session-secret-of-the-tests-own-0001';

/** The registration of the service at an identity provider. */
export interface SignInApplication {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The settings for calls to Graph with the signed-in user's own token. */
export function delegated(simulator: TestSimulator, application: SignInApplication): Record<string, string> {
  return {
    LOG_LEVEL: 'trace',
    GRAPH_CREDENTIAL: 'signed-in-user',
    GRAPH_BASE_URL: simulator.baseUrl,
    GRAPH_DEADLINE_MS: '6000',
    SIGN_IN: 'oidc',
    OIDC_ISSUER: application.issuer,
    OIDC_CLIENT_ID: application.clientId,
    OIDC_CLIENT_SECRET: application.clientSecret,
    SESSION_SECRET: sessionSecret,
  };
}

/** A signed-in user. */
export interface TestUser {
  readonly agent: UserAgent;
  /** Sends the cookies that the user agent holds at the time of the call. */
  readonly client: TRPCClient<AppRouter>;
}

/** Signs a user in, in a new user agent. */
export async function signInUser(
  service: ServiceAddress,
  providerUrl: string,
  account = 'operator',
): Promise<TestUser> {
  const agent = createUserAgent(service, undefined, providerUrl);
  await agent.signIn(account);
  return { agent, client: clientWith(service, () => agent.cookies()) };
}

/** A service with delegated permissions, a simulator, and the simulator's identity provider. */
export interface DelegatedPair {
  readonly simulator: TestSimulator;
  readonly service: TestService;
  /** The settings of the service. */
  readonly settings: Readonly<Record<string, string>>;
  /** A user state of the simulator. */
  readonly known: KnownState;
  /** Signs a user in, in a new user agent. */
  signIn(account?: string): Promise<TestUser>;
  stop(): Promise<void>;
}

/** Starts all three. */
export async function startDelegated(): Promise<DelegatedPair> {
  const simulator = await startTestSimulator({ identity: true });
  if (simulator.identity === undefined) throw new Error('the simulator has no identity provider');
  const settings = delegated(simulator, simulator.identity);
  const service = await startTestService(settings);
  const known = await findState(simulator);
  return {
    simulator,
    service,
    settings,
    known,
    signIn: (account) => signInUser(service, simulator.url, account),
    stop: () => stopWithSimulator(simulator, service),
  };
}
