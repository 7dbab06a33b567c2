import * as oidc from 'openid-client';
import { expect, test } from 'vitest';
import { useIdentityClient } from '../support/identity-client.js';

const client = useIdentityClient();
const { authorize, signIn } = client;

/** The first group of the pattern's match, with the HTML entity for & decoded. */
const extract = (html: string, pattern: RegExp) => (pattern.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');

const submitSignOut = (html: string) =>
  client.browser.open(extract(html, /action="([^"]+)"/), {
    xsrf: extract(html, /name="xsrf" value="([^"]+)"/),
    logout: 'yes',
  });

test('loads the sign-out URLs of the clients in frames, redirects, and requires a new sign-in', async () => {
  const tokens = await signIn('operator');
  const url = oidc.buildEndSessionUrl(client.config, {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: 'http://localhost:4711/',
    state: 'kept',
  });
  const { html } = await client.browser.open(url);
  const done = await submitSignOut(html);
  const frame = new URL(extract(html, /<iframe [^>]*src="([^"]+)"/));
  expect(frame.origin + frame.pathname).toBe('http://localhost:4711/auth/front-channel-sign-out');
  expect(Object.fromEntries(frame.searchParams)).toEqual({
    iss: client.simulator.identity?.issuer,
    sid: tokens.claims()?.['sid'],
  });
  expect(done.url.href).toBe('http://localhost:4711/?state=kept');
  expect((await authorize()).page.url.pathname).toContain('/interaction/');
});

test('rejects a redirect to another origin', async () => {
  await signIn('operator');
  const url = oidc.buildEndSessionUrl(client.config, { post_logout_redirect_uri: 'https://evil.example/' });
  expect((await client.browser.open(url)).status).toBe(400);
});

test('works without a client and without a session', async () => {
  await signIn('operator');
  const url = `${client.simulator.url}/identity/session/end`;
  const { html } = await client.browser.open(url);
  const { html: page } = await submitSignOut(html);
  expect(page).toContain('You are signed out');
  expect((await client.browser.open(url)).status).toBe(200);
});
