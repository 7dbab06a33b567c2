import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { signInResults } from '../../src/auth/sign-in-causes.js';
import { createLoopbackCertificate } from '../../src/simulator/certificate.js';
import { useFixture } from '../support/fixture.js';
import { addressOf, usePrograms } from '../support/program.js';
import { scrape, total } from '../support/scrape.js';
import { startTestService, type TestService } from '../support/service.js';
import { startTestSimulator } from '../support/simulator.js';
import { createUserAgent } from '../support/user-agent.js';

const secret = 'canary-session-secret-of-32-characters';
const startProgram = usePrograms('test');
const simulator = useFixture(
  () => startTestSimulator({ identity: true }),
  (started) => started.close(),
);
const servers: Server[] = [];
let service: TestService | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
  await simulator.identitySettings({ claims: {}, disabled: [], omit: [], refresh: 'ok', token: 'ok' });
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.close();
      if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
      await once(server, 'close');
    }),
  );
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** The settings of a service whose provider is the simulator's. */
function settings(change: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { issuer = '', clientId = '', clientSecret = '' } = simulator.identity ?? {};
  return {
    SIGN_IN: 'oidc',
    SESSION_SECRET: secret,
    METRICS_PORT: '0',
    LOG_LEVEL: 'trace',
    GRAPH_CREDENTIAL: 'access-token',
    GRAPH_ACCESS_TOKEN: 'x',
    GRAPH_BASE_URL: simulator.baseUrl,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    ...change,
  };
}

/** A discovery document of this issuer, on a server of its own. */
async function startDiscovery(issuer: (origin: string) => string): Promise<string> {
  let origin = '';
  const port = await portOf(
    createHttpServer((_request, response) => {
      const metadata = { issuer: issuer(origin), authorization_endpoint: `${origin}/authorize` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    }),
  );
  origin = `http://127.0.0.1:${port}`;
  return origin;
}

async function freePort(): Promise<number> {
  const server = createHttpServer();
  const port = await portOf(server);
  servers.pop();
  server.close();
  return port;
}

/** Signs in, and expects that the log, the audit, the metric and no more than that report the cause. */
async function expectCause(
  change: Readonly<Record<string, string>>,
  { cause, code }: { readonly cause: string; readonly code: RegExp },
): Promise<TestService> {
  const env = settings(change);
  const started = await startTestService(env);
  service = started;
  const agent = createUserAgent(started, undefined, simulator.url);
  const page = await agent.signIn('operator');
  expect(page.status).toBe(503);
  const requestId = String(page.headers['x-request-id']);
  expect(page.html).toContain(requestId);
  expect(started.lines({ log: 'audit', requestId })).toEqual([
    expect.objectContaining({ event: 'sign-in-refused', cause, code: expect.stringMatching(code) as unknown }),
  ]);
  expect(started.lines({ requestId, cause }).filter((line) => line['log'] !== 'audit')).toEqual([
    expect.objectContaining({
      code: expect.stringMatching(code) as unknown,
      msg: expect.stringMatching(/^sign-in failed: \w/) as unknown,
    }),
  ]);
  const samples = await scrape(started.metricsUrl);
  expect(total(samples, 'sign_ins_total', { result: cause })).toBe(1);
  expect(total(samples, 'sign_ins_total')).toBe(1);
  // Signed-in users are not affected.
  expect((await fetch(`${started.address}/readyz`)).status).toBe(200);
  const logged = started.logged.join('\n');
  for (const hidden of [secret, env['OIDC_CLIENT_SECRET'] ?? '', 'canary']) expect(logged).not.toContain(hidden);
  return started;
}

describe('a sign-in reports its cause', () => {
  test('when the client secret is wrong', () =>
    expectCause(
      { OIDC_CLIENT_SECRET: 'canary-wrong-secret' },
      { cause: 'client-rejected', code: /^invalid_client$|^HTTP_401$/ },
    ));

  test('when the issuer cannot be reached', async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    await expectCause({ OIDC_ISSUER: issuer }, { cause: 'issuer-unreachable', code: /^ECONNREFUSED$/ });
  });

  test('when the host of the issuer does not exist', () =>
    expectCause(
      { OIDC_ISSUER: 'https://provider.invalid/tenant' },
      { cause: 'issuer-unreachable', code: /^(ENOTFOUND|EAI_AGAIN)$/ },
    ));

  test('when the certificate of the issuer is not trusted', async () => {
    const port = await portOf(createServer(await createLoopbackCertificate()));
    await expectCause(
      { OIDC_ISSUER: `https://127.0.0.1:${port}/identity` },
      { cause: 'issuer-untrusted', code: /SELF_SIGNED/ },
    );
  });

  test('when a server without TLS listens at the address', async () => {
    const port = await portOf(createHttpServer());
    await expectCause({ OIDC_ISSUER: `https://127.0.0.1:${port}` }, { cause: 'issuer-untrusted', code: /SSL|EPROTO/ });
  });

  test.each<[string, string, (origin: string) => string, RegExp]>([
    [
      'has a slash at the end',
      '/tenant',
      (origin) => `${origin}/tenant/`,
      /reports .*\/tenant\/, with a slash at the end$/,
    ],
    [
      'has no slash at the end',
      '/tenant/',
      (origin) => `${origin}/tenant`,
      /reports .*\/tenant, without the slash at the end$/,
    ],
    ['is another one', '/tenant', () => 'https://other.example/tenant', /reports https:\/\/other\.example\/tenant$/],
  ])('when the issuer that the provider reports %s', async (_, path, issuer, detail) => {
    const origin = await startDiscovery(issuer);
    const expected = { cause: 'issuer-mismatch', code: /^OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED$/ };
    const reported = await expectCause({ OIDC_ISSUER: `${origin}${path}` }, expected);
    expect(reported.lines({ cause: 'issuer-mismatch' })).toContainEqual(
      expect.objectContaining({ level: 50, detail: expect.stringMatching(detail) as unknown }),
    );
  });

  test('when something else responds in place of the provider', async () => {
    const port = await portOf(createHttpServer((_request, response) => void response.end('<h1>Welcome</h1>')));
    await expectCause(
      { OIDC_ISSUER: `http://127.0.0.1:${port}` },
      { cause: 'provider-error', code: /^OAUTH_RESPONSE_IS_NOT_/ },
    );
  });

  test('when the provider fails', async () => {
    await simulator.identitySettings({ token: 'unavailable' });
    const reported = await expectCause({}, { cause: 'provider-error', code: /^OAUTH_RESPONSE_IS_NOT_CONFORM$/ });
    expect(reported.lines({ cause: 'provider-error', detail: 'HTTP 503' })).not.toEqual([]);
  });
});

test('a sign-in that succeeds counts as ok, and one without a role as no-role', async () => {
  service = await startTestService(settings());
  for (const account of ['operator', 'reader', 'no-role', 'cancel']) {
    await createUserAgent(service, undefined, simulator.url).signIn(account);
  }
  const samples = await scrape(service.metricsUrl);
  const count = (result: string) => total(samples, 'sign_ins_total', { result });
  expect([count('ok'), count('no-role'), count('cancelled')]).toEqual([2, 1, 1]);
  // Every series exists before its first sign-in, so that alerts notice the first one.
  expect(samples.filter(({ name }) => name === 'script_state_bff_sign_ins_total')).toHaveLength(signInResults.length);
});

test('the service says at its start what is wrong with the provider, and is ready', async () => {
  const port = await portOf(createServer(await createLoopbackCertificate()));
  const program = startProgram('dist/main.js', {
    ...settings({ OIDC_ISSUER: `https://127.0.0.1:${port}/identity` }),
    PORT: '0',
  });
  const line = JSON.parse(await program.line('issuer-untrusted')) as Record<string, unknown>;
  expect(line).toMatchObject({ level: 50, cause: 'issuer-untrusted' });
  expect(line['code']).toMatch(/SELF_SIGNED/);
  expect(line['msg']).toMatch(/^sign-in is unavailable: .*NODE_EXTRA_CA_CERTS/);
  expect((await fetch(`${await addressOf(program)}/readyz`)).status).toBe(200);
});
