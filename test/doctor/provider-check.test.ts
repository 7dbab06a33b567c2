import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createLoopbackCertificate } from '../../src/simulator/certificate.js';
import { createCertificate } from '../support/certificate.js';
import { runDoctor } from '../support/doctor.js';
import { useFixture } from '../support/fixture.js';
import { startProvider } from '../support/provider.js';
import { startTestSimulator } from '../support/simulator.js';

const simulator = useFixture(
  () => startTestSimulator({ identity: true }),
  (started) => started.close(),
);
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await simulator.identitySettings({ token: 'ok' });
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  stops.push(() => once(server.close(), 'close'));
  return (server.address() as AddressInfo).port;
}

function settings(): Record<string, string> {
  const { issuer = '', clientId = '', clientSecret = '' } = simulator.identity ?? {};
  return {
    GRAPH_CREDENTIAL: 'signed-in-user',
    GRAPH_BASE_URL: simulator.baseUrl,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    SESSION_SECRET: 'canary-session-secret-of-32-characters',
  };
}

const before = ['ok settings', 'ok cloud'];

test('reports the issuer, the redirect URI and that the provider accepts the client', async () => {
  const env = settings();
  const { code, steps, printed } = await runDoctor(env);
  expect(steps, printed).toEqual([...before, 'ok provider', 'ok redirect', 'ok client', 'skip token']);
  expect(code).toBe(0);
  expect(printed).toContain(`issuer ${env['OIDC_ISSUER']}`);
  expect(printed).toContain('http://localhost:3000/auth/callback is registered');
  for (const secret of [env['OIDC_CLIENT_SECRET'] ?? '', 'canary']) expect(printed).not.toContain(secret);
});

describe('exits with code 1 and advice when', () => {
  async function expectFailure(change: Readonly<Record<string, string>>, step: string, text: RegExp): Promise<void> {
    const { code, steps, printed } = await runDoctor({ ...settings(), ...change });
    expect(steps.at(-1), printed).toBe(`FAIL ${step}`);
    expect(code).toBe(1);
    expect(printed).toMatch(text);
    expect(printed).not.toContain('canary');
  }

  test('the client secret is wrong', () =>
    expectFailure({ OIDC_CLIENT_SECRET: 'canary-wrong' }, 'client', /client-rejected: [\s\S]*→ .*OIDC_CLIENT_\*/));

  test('the client is unknown', () =>
    expectFailure({ OIDC_CLIENT_ID: 'unknown' }, 'redirect', /client-rejected: [\s\S]*→ OIDC_CLIENT_ID must be/));

  test('the redirect URI is not registered', () =>
    expectFailure(
      { PUBLIC_URL: 'https://scripts.example.com' },
      'redirect',
      /redirect-uri-mismatch: [\s\S]*→ register https:\/\/scripts\.example\.com\/auth\/callback/,
    ));

  test('the issuer cannot be reached', async () => {
    const port = await listen(createServer());
    await stops.pop()?.();
    const issuer = `http://127.0.0.1:${port}/tenant`;
    await expectFailure({ OIDC_ISSUER: issuer }, 'provider', /issuer-unreachable: ECONNREFUSED\n.*→ /);
  });

  test('the certificate of the issuer is not trusted', async () => {
    const port = await listen(createTlsServer(await createLoopbackCertificate()));
    const issuer = `https://127.0.0.1:${port}/tenant`;
    await expectFailure(
      { OIDC_ISSUER: issuer },
      'provider',
      /issuer-untrusted: .*SELF_SIGNED[\s\S]*NODE_EXTRA_CA_CERTS/,
    );
  });

  test('the issuer has a slash at the end', () =>
    expectFailure(
      { OIDC_ISSUER: `${simulator.identity?.issuer}/` },
      'provider',
      /issuer-mismatch: .*\n.*reports .*\/identity, without the slash at the end\n.*→ /,
    ));

  test('something else responds in place of the provider', async () => {
    const port = await listen(createServer((_request, response) => void response.end('<h1>Welcome</h1>')));
    await expectFailure({ OIDC_ISSUER: `http://127.0.0.1:${port}` }, 'provider', /provider-error: OAUTH_RESPONSE_IS/);
  });

  test('the provider fails', async () => {
    await simulator.identitySettings({ token: 'unavailable' });
    await expectFailure({}, 'client', /provider-error: .*\n.*HTTP 503/);
  });
});

test('trusts the certificate of an authority in NODE_EXTRA_CA_CERTS', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'authority-'));
  stops.push(() => rm(folder, { recursive: true }));
  const certificate = await createLoopbackCertificate();
  const path = join(folder, 'authority.pem');
  await writeFile(path, certificate.cert);
  let issuer = '';
  const port = await listen(
    createTlsServer(certificate, (request, response) => {
      const isAuthorization = request.url?.startsWith('/authorize') === true;
      const metadata = isAuthorization ? {} : { issuer, authorization_endpoint: `${issuer}/authorize` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    }),
  );
  issuer = `https://127.0.0.1:${port}`;
  const { steps, printed } = await runDoctor({ ...settings(), OIDC_ISSUER: issuer, NODE_EXTRA_CA_CERTS: path });
  expect(steps.slice(0, 4), printed).toEqual([...before, 'ok provider', 'ok redirect']);
  expect(printed).toContain('not determined');
});

test('checks a certificate: the provider accepts it, and when it expires', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  stops.push(() => rm(folder, { recursive: true }));
  const { certificate, pem } = createCertificate();
  const provider = await startProvider({ certificate, register: async () => undefined });
  stops.push(() => provider.stop());
  const path = join(folder, 'client.pem');
  const env = {
    ...settings(),
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: '',
    OIDC_CLIENT_CERTIFICATE_PATH: path,
  };
  await writeFile(path, pem);
  const accepted = await runDoctor(env);
  expect(accepted.steps, accepted.printed).toContain('ok client');
  expect(accepted.printed).toContain('its certificate expires on 2049-12-31');
  await writeFile(path, createCertificate().pem);
  const rejected = await runDoctor(env);
  expect(rejected.steps.at(-1)).toBe('FAIL client');
  await writeFile(path, 'canary');
  const unreadable = await runDoctor(env);
  expect(unreadable.steps.at(-1)).toBe('FAIL settings');
  expect(unreadable.printed).toMatch(/OIDC_CLIENT_CERTIFICATE_PATH: must be .*no certificate/);
});
