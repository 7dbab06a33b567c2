import { describe, expect, test } from 'vitest';
import { useService } from '../support/service.js';
import { createUserAgent, type UserAgent } from '../support/user-agent.js';

const publicUrl = 'https://localhost:4711';
const secret = 'canary-session-secret-of-32-characters';
const listing = { scriptKind: 'deviceShellScript' };

const settings = { SIGN_IN: 'oidc', SESSION_SECRET: secret, LOG_LEVEL: 'trace' };
const service = useService(settings);
const secured = useService({ ...settings, PUBLIC_URL: publicUrl });

const at = (secure: boolean): UserAgent => (secure ? createUserAgent(secured, publicUrl) : createUserAgent(service));
/** The service's last response to a path. */
const responseTo = ({ browser, origin }: UserAgent, path: string) =>
  browser.history.findLast(({ url }) => url.origin === origin && url.pathname === path);

const value = '[\\w%.+~-]+';
const expires = 'Expires=[^;]+GMT';
const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';
describe.each([
  [false, '', ''],
  [true, '__Host-', ' Secure;'],
])('with https: %s', (secure, prefix, flag) => {
  const of = (name: string, pattern: string): unknown =>
    expect.stringMatching(new RegExp(`^${prefix}${name}=${pattern}$`));

  test('cookies have exactly these attributes', async () => {
    const agent = at(secure);
    await agent.signIn('reader');
    expect(responseTo(agent, '/auth/sign-in')?.setCookies).toEqual([
      of('sign-in-[\\w-]{8}', `${value}; Max-Age=600; Path=/; ${expires}; HttpOnly;${flag} SameSite=Lax`),
    ]);
    expect(responseTo(agent, '/auth/callback')?.setCookies).toEqual([
      of('sign-in-[\\w-]{8}', `; Path=/; ${past}; HttpOnly;${flag} SameSite=Lax`),
      of('session', `${value}; Path=/; HttpOnly;${flag} SameSite=Strict`),
    ]);
    expect(agent.cookies()).toEqual([of('session', value)]);
    expect((await agent.signOut()).setCookies).toEqual([
      of('session', `; Path=/; ${past}; HttpOnly;${flag} SameSite=Strict`),
    ]);
    expect(agent.cookies()).toEqual([]);
  });

  test('every response has the security headers', async () => {
    const agent = at(secure);
    await agent.signIn('no-role');
    await agent.call('session.current');
    await agent.call('script.list', listing);
    await agent.browser.open(`${agent.origin}/nowhere`);
    const responses = agent.browser.history.filter(({ url }) => url.origin === agent.origin);
    expect(responses.map(({ status }) => status)).toEqual([303, 403, 200, 403, 404]);
    for (const { headers } of responses) {
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe-|\*|http:/);
      expect(headers['strict-transport-security']).toEqual(secure ? 'max-age=31536000' : undefined);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

test('no code, state, nonce, cookie, token or secret is in a log line or response body', async () => {
  const agent = at(false);
  await agent.signIn('operator');
  await agent.call('script.list', listing);
  await agent.signOut();
  const { history } = agent.browser;
  const parameters = history.flatMap(({ url }) =>
    ['code', 'state', 'nonce'].flatMap((name) => url.searchParams.get(name) ?? []),
  );
  const cookies = history.flatMap(({ setCookies }) => setCookies.map((line) => /=([^;]*)/.exec(line)?.[1] ?? ''));
  const ids = cookies.map((cookie) => decodeURIComponent(cookie).split(/[:.]/)[1] ?? '');
  const canaries = [...parameters, ...cookies, ...ids, secret].filter((canary) => canary.length > 12);
  expect(new Set(canaries).size).toBeGreaterThanOrEqual(7);
  const leaked = canaries.filter((canary) => service.logged.some((line) => line.includes(canary)));
  expect(leaked).toEqual([]);
  expect(service.logged.filter((line) => /eyJ[\w-]+\.eyJ/.test(line))).toEqual([]);
  const bodies = history.filter(({ url }) => url.origin === agent.origin).map(({ html }) => html);
  expect(bodies.filter((body) => /eyJ[\w-]+\.eyJ|access_token|id_token/.test(body))).toEqual([]);
});
