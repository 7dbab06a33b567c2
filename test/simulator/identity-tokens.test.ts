import * as oidc from 'openid-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CookieClient } from '../support/cookie-client.js';
import { useIdentityClient } from '../support/identity-client.js';
import { pollOptions } from '../support/simulated-graph.js';

const client = useIdentityClient('test');
const { authorize, control, readGraph, refresh, signIn } = client;

// Vitest types its matchers as any.
const anything: unknown = expect.anything();
const withStatus503: unknown = expect.objectContaining({ status: 503 });

afterEach(() => {
  vi.useRealTimers();
});

describe('refresh', () => {
  test('rotates the token; reuse is rejected and revokes the tokens of the sign-in', async () => {
    const first = await signIn('operator');
    const second = await refresh(first);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.claims()).toMatchObject({ roles: ['ScriptState.ReadWrite'], sid: first.claims()?.['sid'] });
    expect((await readGraph(second.access_token)).status).toBe(200);
    await expect(refresh(first)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    await expect(refresh(second)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await control('GET')).toEqual({ refreshes: 3, codeGrants: 1, signIns: 1 });
  });

  test('fails as configured, and the token remains valid', async () => {
    const tokens = await signIn('operator');
    await control('PATCH', { refresh: 'invalid_grant' });
    await expect(refresh(tokens)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    await control('PATCH', { refresh: 'invalid_client' });
    await expect(refresh(tokens)).rejects.toMatchObject({ cause: anything });
    await control('PATCH', { refresh: 'unavailable' });
    await expect(refresh(tokens)).rejects.toMatchObject({ cause: withStatus503 });
    expect(await control('GET')).toMatchObject({ refreshes: 3 });
    expect(await control('DELETE')).toBe(204);
    expect(await control('GET')).toEqual({ refreshes: 0, codeGrants: 0, signIns: 0 });
    await expect(refresh(tokens)).resolves.toBeDefined();
  });

  test('does not respond to a stalled refresh until the simulator closes', async () => {
    const tokens = await signIn('operator');
    await control('PATCH', { refresh: 'stall' });
    const settled = vi.fn<() => void>();
    const refreshed = refresh(tokens).finally(settled);
    const outcome = expect(refreshed).rejects.toThrow();
    await expect.poll(() => control('GET'), pollOptions).toMatchObject({ refreshes: 1 });
    client.browser = new CookieClient();
    await signIn('reader');
    expect(settled).not.toHaveBeenCalled();
    await client.simulator.close();
    await outcome;
  });

  test('code grants fail as configured, independently of refresh grants', async () => {
    await control('PATCH', { token: 'unavailable' });
    await expect(signIn('operator')).rejects.toMatchObject({ cause: withStatus503 });
    await control('PATCH', { token: 'ok' });
    client.browser = new CookieClient();
    await expect(signIn('operator')).resolves.toBeDefined();
    expect(await control('GET')).toEqual({ refreshes: 0, codeGrants: 2, signIns: 2 });
  });
});

describe('access tokens', () => {
  test('expire after the configured lifetime', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    expect(await control('PATCH', { accessTokenSeconds: 1 })).toEqual({
      accessTokenSeconds: 1,
      refresh: 'ok',
      token: 'ok',
    });
    const tokens = await signIn('operator');
    expect(tokens.expires_in).toBe(1);
    expect((await readGraph(tokens.access_token)).status).toBe(200);
    vi.setSystemTime(Date.now() + 1000);
    const expired = await readGraph(tokens.access_token);
    expect([expired.status, await expired.text()]).toEqual([401, expect.stringContaining('expired')]);
  });

  test('a claims challenge applies until the user signs in with its claims', async () => {
    const first = await signIn('operator');
    await fetch(`${client.simulator.url}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fault: 'claims-challenge' }),
    });
    const challenged = await readGraph(first.access_token);
    const encoded = /claims="([^"]+)"/.exec(challenged.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    const claims = Buffer.from(encoded, 'base64').toString();
    const refreshed = await refresh(first);
    expect((await readGraph(refreshed.access_token)).status).toBe(401);
    const { page, checks } = await authorize({ claims });
    const second = await oidc.authorizationCodeGrant(client.config, page.url, checks);
    expect((await readGraph(second.access_token)).status).toBe(200);
    expect((await readGraph((await refresh(second)).access_token)).status).toBe(200);
    expect((await readGraph((await refresh(refreshed)).access_token)).status).toBe(401);
  });

  test('claims that are not a JSON object are an invalid request', async () => {
    expect((await authorize({ claims: 'no' })).page.url.searchParams.get('error')).toBe('invalid_request');
  });
});
