import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Authority } from '../support/authority.js';
import { createClient } from '../support/clients.js';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.js';
import { runDoctor } from '../support/doctor.js';
import { failure } from '../support/failure.js';
import { azureSettings, type Microsoft, tenantId } from '../support/microsoft.js';
import { type OutboundServers, startOutboundServers } from '../support/outbound-servers.js';
import { addressOf, type Program, usePrograms } from '../support/program.js';
import { canaryToken } from '../support/service.js';
import type { TestSimulator } from '../support/simulator.js';
import { oneState } from '../support/states.js';

let servers: OutboundServers;
let authority: Authority;
let simulator: TestSimulator;
let microsoft: Microsoft;
let proxy: ConnectProxy;

beforeAll(async () => {
  servers = await startOutboundServers();
  ({ authority, simulator, microsoft, proxy } = servers);
});
afterEach(async () => {
  proxy.closeTunnels();
  proxy.reset();
  await simulator.reset();
});
afterAll(async () => {
  await proxy.close();
  await servers.close();
});
const startProgram = usePrograms('test');

const credentials = 'user:canary-p%40ss';
const settings = (env: Readonly<Record<string, string>> = {}) => ({
  PORT: '0',
  LOG_LEVEL: 'trace',
  SIGN_IN: 'off',
  GRAPH_CREDENTIAL: 'access-token',
  GRAPH_ACCESS_TOKEN: canaryToken,
  HTTPS_PROXY: `http://${credentials}@127.0.0.1:${proxy.port}`,
  NODE_EXTRA_CA_CERTS: servers.authorityPath,
  ...env,
});

async function start(env: Readonly<Record<string, string>> = {}) {
  const program = startProgram('dist/main.js', settings(env));
  const address = await addressOf(program);
  return { program, address, client: createClient(address) };
}

const scriptKind = 'deviceShellScript';
const targets = () => proxy.connects.map(({ target }) => target);
const logOf = ({ stdout, stderr }: Program) => [...stdout, ...stderr].join('\n');
const authorization = `Basic ${Buffer.from('user:canary-p@ss').toString('base64')}`;

describe('through the proxy', () => {
  test('the service reaches Graph, over connections that it keeps', async () => {
    const { client, program } = await start();
    for (let count = 0; count < 5; count++) await client.script.list.query({ scriptKind });
    expect(proxy.connects).toEqual([{ target: 'graph.microsoft.com:443', authorization }]);
    expect(proxy.forwarded).toEqual([]);
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(logOf(program)).not.toMatch(/canary-p|Basic/);
  });

  test('@azure/identity reaches Entra ID', async () => {
    const issued = microsoft.issuedTokens;
    const { client } = await start(azureSettings);
    await client.script.list.query({ scriptKind });
    expect(microsoft.issuedTokens).toBe(issued + 1);
    expect(new Set(targets())).toEqual(new Set(['graph.microsoft.com:443', 'login.microsoftonline.com:443']));
    expect(new Set(proxy.connects.map((connect) => connect.authorization))).toEqual(new Set([authorization]));
  });

  test('sign-in reaches the identity provider', async () => {
    const { address } = await start({
      SIGN_IN: 'oidc',
      OIDC_ISSUER: `https://login.microsoftonline.com/${tenantId}/v2.0`,
      OIDC_CLIENT_ID: 'client',
      OIDC_CLIENT_SECRET: 'canary-secret',
      SESSION_SECRET: 's'.repeat(32),
    });
    const origin = address.replace('127.0.0.1', 'localhost');
    const response = await fetch(`${origin}/auth/sign-in`, { redirect: 'manual' });
    expect(response.headers.get('location')).toMatch(/^https:\/\/login\.microsoftonline\.com\//);
    expect(targets()).toContain('login.microsoftonline.com:443');
  });

  test('the doctor reaches Graph', async () => {
    const { code, printed } = await runDoctor(settings());
    expect(printed).toContain('ok    read         script.list');
    expect(code).toBe(0);
    expect(new Set(targets())).toEqual(new Set(['graph.microsoft.com:443']));
  });
});

describe('a proxy with TLS', () => {
  let secure: ConnectProxy;
  beforeAll(async () => {
    secure = await startConnectProxy(microsoft.port, await authority.issue(['localhost']));
  });
  afterAll(() => secure.close());
  const proxySettings = () => ({ HTTPS_PROXY: `https://${credentials}@localhost:${secure.port}` });

  test('is used if its authority is trusted', async () => {
    const { client } = await start(proxySettings());
    expect((await client.script.list.query({ scriptKind })).items).not.toEqual([]);
    expect(secure.connects).toEqual([{ target: 'graph.microsoft.com:443', authorization }]);
  });

  test('receives no request if it is not', async () => {
    secure.reset();
    const { code, printed } = await runDoctor(settings({ ...proxySettings(), NODE_EXTRA_CA_CERTS: '' }));
    expect(code).toBe(1);
    expect(printed).toMatch(/the proxy localhost:\d+ did not connect to .*SELF_SIGNED_CERT_IN_CHAIN/);
    expect(printed).toMatch(/NODE_EXTRA_CA_CERTS/);
    expect(secure.connects).toEqual([]);
  });
});

describe('without the proxy', () => {
  test('hosts in NO_PROXY are reached', async () => {
    const { client, program } = await start({
      GRAPH_BASE_URL: 'https://graph.tests.invalid/beta',
      NO_PROXY: 'other.example,.tests.invalid',
      GRAPH_DEADLINE_MS: '1000',
    });
    // The host does not exist (RFC 6761).
    expect((await failure(client.script.list.query({ scriptKind }))).reason).toBe('GRAPH_UNAVAILABLE');
    expect(await program.line('"causes"')).not.toContain('ProxyError');
    expect(targets()).toEqual([]);
  });

  test.each(['localhost', '127.0.0.1'])('loopback addresses are reached: %s', async (host) => {
    const { client } = await start({ GRAPH_BASE_URL: simulator.baseUrl.replace('127.0.0.1', host) });
    expect((await client.script.list.query({ scriptKind })).items).not.toEqual([]);
    expect([...proxy.connects, ...proxy.forwarded]).toEqual([]);
  });

  test('the built-in simulator is reached', async () => {
    const { client } = await start({
      GRAPH_CREDENTIAL: 'simulator',
      GRAPH_ACCESS_TOKEN: '',
      HTTP_PROXY: 'http://127.0.0.1:9',
    });
    expect((await client.script.list.query({ scriptKind })).items).not.toEqual([]);
    expect([...proxy.connects, ...proxy.forwarded]).toEqual([]);
  });
});

describe('a proxy that does not connect', () => {
  const closedPort = async () => {
    const other = await startConnectProxy(0);
    await other.close();
    return other.port;
  };

  const failures: readonly [name: string, behavior: ConnectProxy['behavior'] | 'gone', code: string, advice: RegExp][] =
    [
      ['is gone', 'gone', 'PROXY_ECONNREFUSED', /HTTPS_PROXY/],
      ['requires credentials', 407, 'PROXY_407', /user name and password/],
      ['forbids the host', 403, 'PROXY_403', /allow/],
      ['cannot reach the host', 502, 'PROXY_502', /cannot reach/],
    ];

  test.each(failures)('%s: a write fails as not sent, and the log names the cause', async (_, behavior, code) => {
    const { client, program } = await start();
    const { target } = await oneState({ client });
    const written = (await simulator.journal()).filter(({ method }) => method !== 'GET').length;
    proxy.closeTunnels();
    if (behavior === 'gone') await proxy.close();
    else proxy.behavior = behavior;
    const error = await failure(client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 3 } }));
    if (behavior === 'gone') proxy = await startConnectProxy(microsoft.port);
    expect(error.reason).toBe('GRAPH_UNAVAILABLE');
    expect((await simulator.journal()).filter(({ method }) => method !== 'GET')).toHaveLength(written);
    expect(await program.line(code)).toContain('"ProxyError');
    expect(logOf(program)).not.toMatch(/canary-p|Basic|canary-of-the-proxy/);
  });

  test('never responds: a write fails as not sent', async () => {
    const { client, program } = await start({ GRAPH_DEADLINE_MS: '5000' });
    const { target } = await oneState({ client });
    proxy.closeTunnels();
    proxy.behavior = 'hang';
    const error = await failure(client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 3 } }));
    expect(error.reason).toBe('GRAPH_UNAVAILABLE');
    expect(await program.line('"outcome":"rejected"')).toContain('update');
  });

  test.each(failures)('%s: the doctor names the cause', async (_, behavior, code, advice) => {
    const port = behavior === 'gone' ? await closedPort() : proxy.port;
    if (behavior !== 'gone') proxy.behavior = behavior;
    const { code: exitCode, printed } = await runDoctor(
      settings({ HTTPS_PROXY: `http://${credentials}@127.0.0.1:${port}` }),
    );
    expect(exitCode).toBe(1);
    expect(printed).toContain(`the proxy 127.0.0.1:${port} did not connect to graph.microsoft.com:443: `);
    expect(printed).toContain(code.replace(/^PROXY_/, ''));
    expect(printed).toMatch(advice);
    expect(printed).not.toMatch(/canary-p/);
  });

  test('is the cause that the doctor names if Entra ID cannot be reached', async () => {
    proxy.behavior = 407;
    const { printed } = await runDoctor(settings(azureSettings));
    expect(printed).toMatch(/FAIL {2}token[\s\S]*did not connect to login\.microsoftonline\.com:443: HTTP 407/);
    expect(printed).toMatch(/user name and password/);
    expect(printed).not.toMatch(/canary/);
  });
});
