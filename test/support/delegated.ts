import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';
import { z } from 'zod';
import type { AppRouter } from '../../src/contract.js';
import { canaryToken, startTestService, type TestService } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import { type KnownState, oneState } from './states.js';
import { type Visited, type Visitor, visit } from './visitor.js';

const sessionSecret = 'a-session-secret-of-the-tests-own-0001';

const identity = z.object({ refreshes: z.int(), codeGrants: z.int(), signIns: z.int() });

/** Where people sign in. */
export interface SignInApplication {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The settings with which calls reach Graph as the person who is signed in. */
export function delegated(simulator: TestSimulator, application: SignInApplication): Record<string, string> {
  return {
    LOG_LEVEL: 'trace',
    GRAPH_CREDENTIAL: 'signed-in-user',
    GRAPH_BASE_URL: simulator.baseUrl,
    GRAPH_DEADLINE_MS: '3000',
    SIGN_IN: 'oidc',
    OIDC_ISSUER: application.issuer,
    OIDC_CLIENT_ID: application.clientId,
    OIDC_CLIENT_SECRET: application.clientSecret,
    SESSION_SECRET: sessionSecret,
  };
}

/** Somebody who has signed in. */
export interface Delegate {
  readonly visitor: Visitor;
  /** Calls with the cookies that the browser holds at that moment. */
  readonly client: TRPCClient<AppRouter>;
}

/** Signs somebody in, in a browser of their own. */
export async function signInAt(service: Visited, providerUrl: string, person = 'operator'): Promise<Delegate> {
  const visitor = visit(service, undefined, providerUrl);
  await visitor.signIn(person);
  return { visitor, client: clientWith(service, () => visitor.cookies()) };
}

/** A typed client that sends cookies. */
export function clientWith(
  { address }: Pick<TestService, 'address'>,
  cookies: () => readonly string[],
): TRPCClient<AppRouter> {
  const headers = () => ({ 'x-csrf': '1', cookie: cookies().join('; ') });
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${address}/trpc`, headers })] });
}

/** The service before the simulator and its identity provider, where people use their own tokens. */
export interface DelegatedPair {
  readonly simulator: TestSimulator;
  readonly service: TestService;
  /** The service's own. */
  readonly settings: Readonly<Record<string, string>>;
  /** A user state, found with a token that is nobody's. */
  readonly known: KnownState;
  /** Changes how the identity provider answers. */
  identity(change: Readonly<Record<string, unknown>>): Promise<void>;
  counts(): Promise<z.infer<typeof identity>>;
  /** Somebody who has signed in, in a browser of their own. */
  person(key?: string): Promise<Delegate>;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startDelegated(): Promise<DelegatedPair> {
  const simulator = await startTestSimulator({ identity: true });
  if (simulator.identity === undefined) throw new Error('the simulator has no identity provider');
  const settings = delegated(simulator, simulator.identity);
  const service = await startTestService(settings);
  const known = await findState(simulator);
  const control = async (method: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${simulator.url}/simulator/identity`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status}`);
    return response.json();
  };
  return {
    simulator,
    service,
    settings,
    known,
    identity: async (change) => void (await control('PATCH', change)),
    counts: async () => identity.parse(await control('GET')),
    person: (key) => signInAt(service, simulator.url, key),
    async stop() {
      await simulator.reset();
      await service.stop();
      await simulator.close();
    },
  };
}

/** A user state of a simulator, found without anybody's token. */
export async function findState(simulator: Pick<TestSimulator, 'baseUrl' | 'register' | 'reset'>): Promise<KnownState> {
  await simulator.register(canaryToken);
  const finder = await startTestService({
    GRAPH_CREDENTIAL: 'access-token',
    GRAPH_ACCESS_TOKEN: canaryToken,
    GRAPH_BASE_URL: simulator.baseUrl,
  });
  try {
    return await oneState(finder);
  } finally {
    await finder.stop();
    await simulator.reset();
  }
}
