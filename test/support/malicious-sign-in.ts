import { afterEach, expect } from 'vitest';
import { type SignInCause, signInResults } from '../../src/auth/sign-in-causes.js';
import { useFixture } from './fixture.js';
import { type MaliciousProvider, maliciousTokens, startMaliciousProvider } from './malicious-provider.js';
import { startTestService, type TestService } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import { createUserAgent, type UserAgent } from './user-agent.js';

/** The secret that signs the cookies of the service. */
export const maliciousSecret = 'canary-session-secret-of-32-characters';

/** The input of a query that requires a role. */
export const listing = { scriptKind: 'deviceShellScript' };

/** How a sign-in is rejected: the reason in the audit log, and the status and title of the page. */
export interface Rejection {
  readonly reason: RegExp;
  /** The stable code of the cause; any of them by default. */
  readonly cause?: SignInCause;
  readonly status?: number;
  readonly title?: string;
  /** Whether the browser's own sign-in stays in progress. */
  readonly keepsTransaction?: boolean;
}

/** A service and its malicious identity provider. */
export interface MaliciousSignIn {
  readonly simulator: TestSimulator;
  readonly provider: MaliciousProvider;
  readonly service: TestService;
  createUserAgent(): UserAgent;
  /** Signs in at the provider, without opening the callback at the service. Resolves to the URL of the callback. */
  start(agent: UserAgent): Promise<URL>;
  /** Opens a callback. Expects a page, a line in the audit log, and no session. */
  expectRejected(agent: UserAgent, callback: URL, rejection: Rejection): Promise<void>;
  /** Restores valid responses, and empties the simulator's journal. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a service with delegated permissions, a malicious provider and a simulated Graph. */
async function startMaliciousSignIn(): Promise<MaliciousSignIn> {
  const [simulator, provider] = await Promise.all([
    startTestSimulator({ token: maliciousTokens.access_token }),
    startMaliciousProvider(),
  ]);
  const service = await startTestService({
    LOG_LEVEL: 'trace',
    SIGN_IN: 'oidc',
    GRAPH_CREDENTIAL: 'signed-in-user',
    GRAPH_BASE_URL: simulator.baseUrl,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    SESSION_SECRET: maliciousSecret,
  });
  return {
    simulator,
    provider,
    service,
    createUserAgent: () => createUserAgent(service, undefined, provider.issuer),
    async start({ browser, origin }) {
      const { url } = await browser.open(`${origin}/auth/sign-in`, undefined, '/auth/callback');
      expect(url.searchParams.get('code')).toMatch(/^canary-code/);
      return url;
    },
    async expectRejected(
      agent,
      callback,
      { status = 400, reason, cause, title = 'Sign-in failed', keepsTransaction = false },
    ) {
      const page = await agent.browser.open(callback);
      expect(page.html).toContain(`<h1>${title}</h1>`);
      expect(page.status).toBe(status);
      expect(agent.cookies().map((cookie) => cookie.replace(/-[\w-]{8}=.*/s, ''))).toEqual(
        keepsTransaction ? ['sign-in'] : [],
      );
      expect(await agent.call('script.list', listing)).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
      const audited = service.lines({ log: 'audit', requestId: page.headers['x-request-id'] });
      expect(audited).toEqual([expect.objectContaining({ event: 'sign-in-refused' })]);
      expect(audited[0]?.['reason']).toMatch(reason);
      expect(cause === undefined ? signInResults : [cause]).toContain(audited[0]?.['cause']);
      expect(await simulator.journal()).toEqual([]);
    },
    async reset() {
      provider.deviate({});
      await simulator.reset();
    },
    async stop() {
      await Promise.all([service.stop(), simulator.close(), provider.stop()]);
    },
  };
}

/** Starts them before the tests of a file, restores them after each test, and stops them after the last one. */
export function useMaliciousSignIn(): MaliciousSignIn {
  const setup = useFixture(startMaliciousSignIn, (started) => started.stop());
  afterEach(() => setup.reset());
  return setup;
}
