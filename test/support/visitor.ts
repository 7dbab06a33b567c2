import { expect } from 'vitest';
import { z } from 'zod';
import type { TestService } from './service.js';
import { Browser, type Page } from './site-browser.js';

const answer = z.object({
  result: z.object({ data: z.unknown() }).optional(),
  error: z.object({ data: z.object({ reason: z.string() }) }).optional(),
});

/** What a call was answered, as far as tests ask. */
export interface Answer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly data: unknown;
  readonly page: Page;
}

/** Somebody with a browser of their own, at the address that browsers know the service by. */
export interface Visitor {
  readonly browser: Browser;
  readonly origin: string;
  /** Signs in, by the simulator's login page where there is one. @param query of the sign-in address, raw */
  signIn(person: string, query?: string): Promise<Page>;
  /** Calls a procedure, as a page of the service's own would. */
  call(procedure: string, input?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  signOut(headers?: Readonly<Record<string, string>>): Promise<Page>;
  /** All cookies of the service. */
  cookies(): readonly string[];
}

/** A service that can be visited. */
export type Visited = Pick<TestService, 'url' | 'address'> & Partial<Pick<TestService, 'simulatorUrl'>>;

/** Lets somebody visit a service. @param providerUrl where the identity provider is */
export function visit(service: Visited, publicUrl?: string, providerUrl?: string): Visitor {
  const origin = publicUrl ?? `http://localhost:${service.url.port}`;
  const provider = providerUrl ?? service.simulatorUrl?.origin ?? origin;
  const browser = new Browser({ [provider]: provider, [origin]: service.address });
  const own = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin' };
  return {
    browser,
    origin,
    async signIn(person, query = '') {
      const page = await browser.open(`${origin}/auth/sign-in${query}`);
      return page.url.pathname.includes('/interaction/') ? browser.open(page.url, { person }) : page;
    },
    async call(procedure, input = {}, headers = {}) {
      const page = await browser.send(`${origin}/trpc/${procedure}`, {
        method: 'POST',
        headers: { ...own, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      });
      const parsed = z.union([answer, z.array(answer).transform(([first]) => first)]).parse(JSON.parse(page.html));
      return { status: page.status, reason: parsed?.error?.data.reason, data: parsed?.result?.data, page };
    },
    signOut: (headers = own) => browser.send(`${origin}/auth/sign-out`, { method: 'POST', headers }),
    cookies: () => browser.cookies(new URL(origin).hostname),
  };
}

/** Lets somebody visit a service and sign in there. */
export async function visitSignedIn(service: TestService, person = 'operator'): Promise<Visitor> {
  const visitor = visit(service);
  await visitor.signIn(person);
  expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
  return visitor;
}
