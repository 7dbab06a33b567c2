import { expect } from 'vitest';
import { type MaliciousProvider, maliciousTokens, startMaliciousProvider } from './malicious-provider.js';
import { startTestService, type TestService } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import { type Visitor, visit } from './visitor.js';

/** Signs the cookies of the service. */
export const maliciousSecret = 'canary-session-secret-of-32-characters';

/** A read that needs a role. */
export const listing = { scriptKind: 'deviceShellScript' };

/** How a sign-in is refused: what the audit says of it, and the page, unless it is the usual one. */
export interface Refused {
  readonly reason: RegExp;
  readonly status?: number;
  readonly title?: string;
  /** It was not the answer to this browser's sign-in, which goes on. */
  readonly goesOn?: boolean;
}

/** The service with a provider that is not to be trusted. */
export interface MaliciousSignIn {
  readonly simulator: TestSimulator;
  readonly provider: MaliciousProvider;
  readonly service: TestService;
  visitor(): Visitor;
  /** Begins a sign-in and stops before the provider's answer reaches the service. Returns the callback's address. */
  begin(visitor: Visitor): Promise<URL>;
  /** Opens a callback, which must end with a page, an audit line and nobody signed in. */
  expectRefused(visitor: Visitor, callback: URL, refused: Refused): Promise<void>;
  /** The good answers again, and an empty journal. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all of it. Calls reach Graph with people's own tokens. */
export async function startMaliciousSignIn(): Promise<MaliciousSignIn> {
  const [simulator, provider] = await Promise.all([startTestSimulator(), startMaliciousProvider()]);
  await simulator.register(maliciousTokens.access_token);
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
    visitor: () => visit(service, undefined, provider.issuer),
    async begin({ browser, origin }) {
      const { url } = await browser.open(`${origin}/auth/sign-in`, undefined, '/auth/callback');
      expect(url.searchParams.get('code')).toMatch(/^canary-code/);
      return url;
    },
    async expectRefused(visitor, callback, { status = 400, reason, title = 'Sign-in did not work', goesOn = false }) {
      const page = await visitor.browser.open(callback);
      expect(page.html).toContain(`<h1>${title}</h1>`);
      expect(page.status).toBe(status);
      expect(visitor.cookies().map((cookie) => cookie.replace(/=.*/s, ''))).toEqual(goesOn ? ['sign-in'] : []);
      expect(await visitor.call('script.list', listing)).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
      const audited = service.lines({ log: 'audit', requestId: page.headers['x-request-id'] });
      expect(audited).toEqual([expect.objectContaining({ event: 'sign-in-refused' })]);
      expect(audited[0]?.['reason']).toMatch(reason);
      expect(await simulator.journal()).toEqual([]);
    },
    async reset() {
      provider.deviate({});
      await simulator.reset();
    },
    async stop() {
      await Promise.all([service.stop(), simulator.close(), provider.close()]);
    },
  };
}
