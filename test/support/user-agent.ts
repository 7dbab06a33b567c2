import { expect } from 'vitest';
import { z } from 'zod';
import { CookieClient, type Page } from './cookie-client.js';
import type { TestService } from './service.js';

const trpcResponse = z.object({
  result: z.object({ data: z.unknown() }).optional(),
  error: z.object({ data: z.object({ reason: z.string() }) }).optional(),
});

/** The response to a call. */
export interface CallResponse {
  readonly status: number;
  readonly reason: string | undefined;
  readonly data: unknown;
  readonly page: Page;
}

/** A user's browser at the public origin of a service: keeps cookies, signs in and out, and calls procedures. */
export interface UserAgent {
  readonly browser: CookieClient;
  readonly origin: string;
  /** Signs in, and chooses the account on the simulator's login page. @param query the raw query of the sign-in URL */
  signIn(account: string, query?: string): Promise<Page>;
  /** Calls a procedure with the headers of a same-origin page. */
  call(procedure: string, input?: object, headers?: Readonly<Record<string, string>>): Promise<CallResponse>;
  signOut(headers?: Readonly<Record<string, string>>): Promise<Page>;
  /** The service's cookies, as `name=value`. */
  cookies(): readonly string[];
}

/** The addresses of a service. */
export type ServiceAddress = Pick<TestService, 'url' | 'address'> & Partial<Pick<TestService, 'simulatorUrl'>>;

/**
 * Creates a user agent without cookies.
 *
 * @param publicUrl the public origin of the service; localhost by default
 * @param providerUrl the origin of the identity provider; the built-in simulator by default
 */
export function createUserAgent(service: ServiceAddress, publicUrl?: string, providerUrl?: string): UserAgent {
  const origin = publicUrl ?? `http://localhost:${service.url.port}`;
  const provider = providerUrl ?? service.simulatorUrl?.origin ?? origin;
  const browser = new CookieClient({ [provider]: provider, [origin]: service.address });
  const sameOrigin = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin' };
  return {
    browser,
    origin,
    async signIn(account, query = '') {
      const page = await browser.open(`${origin}/auth/sign-in${query}`);
      return page.url.pathname.includes('/interaction/') ? browser.open(page.url, { person: account }) : page;
    },
    async call(procedure, input = {}, headers = {}) {
      const page = await browser.send(`${origin}/trpc/${procedure}`, {
        method: 'POST',
        headers: { ...sameOrigin, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      });
      const parsed = z
        .union([trpcResponse, z.array(trpcResponse).transform(([first]) => first)])
        .parse(JSON.parse(page.html));
      return { status: page.status, reason: parsed?.error?.data.reason, data: parsed?.result?.data, page };
    },
    signOut: (headers = sameOrigin) => browser.send(`${origin}/auth/sign-out`, { method: 'POST', headers }),
    cookies: () => browser.cookies(new URL(origin).hostname),
  };
}

/** Creates a user agent and signs in. */
export async function createSignedInUserAgent(service: TestService, account = 'operator'): Promise<UserAgent> {
  const agent = createUserAgent(service);
  await agent.signIn(account);
  expect(await agent.call('session.current')).toMatchObject({ status: 200 });
  return agent;
}
