import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Authority } from '../support/authority.js';
import { createClient } from '../support/clients.js';
import type { ConnectProxy } from '../support/connect-proxy.js';
import { runDoctor } from '../support/doctor.js';
import { failure } from '../support/failure.js';
import { azureSettings, type Microsoft, microsoftHosts } from '../support/microsoft.js';
import { type OutboundServers, startOutboundServers } from '../support/outbound-servers.js';
import { addressOf, usePrograms } from '../support/program.js';
import { canaryToken } from '../support/service.js';
import type { TestSimulator } from '../support/simulator.js';
import { oneState } from '../support/states.js';

const scriptKind = 'deviceShellScript';
let servers: OutboundServers;
let authority: Authority;
let simulator: TestSimulator;
let microsoft: Microsoft;
let proxy: ConnectProxy;
let trusting: Readonly<Record<string, string>>;

beforeAll(async () => {
  servers = await startOutboundServers();
  ({ authority, simulator, microsoft, proxy } = servers);
  trusting = { NODE_EXTRA_CA_CERTS: servers.authorityPath };
});
afterEach(async () => {
  proxy.closeTunnels();
  microsoft.present(await authority.issue(microsoftHosts));
  await simulator.reset();
});
afterAll(async () => {
  await proxy.close();
  await servers.close();
});
const startProgram = usePrograms('test');

const settings = (env: Readonly<Record<string, string>>) => ({
  PORT: '0',
  SIGN_IN: 'off',
  GRAPH_CREDENTIAL: 'access-token',
  GRAPH_ACCESS_TOKEN: canaryToken,
  HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
  ...env,
});

async function start(env: Readonly<Record<string, string>>) {
  const program = startProgram('dist/main.js', settings(env));
  const address = await addressOf(program);
  return { program, address, client: createClient(address) };
}

test('NODE_EXTRA_CA_CERTS makes a private authority trusted, also without a proxy', async () => {
  microsoft.present(await authority.issue(['localhost']));
  const { client } = await start({
    ...trusting,
    HTTPS_PROXY: '',
    GRAPH_BASE_URL: `https://localhost:${microsoft.port}/beta`,
  });
  expect((await client.script.list.query({ scriptKind })).items).not.toEqual([]);
});

test('without it, a call fails, a write is not sent, and the log names the certificate', async () => {
  const { client, program } = await start({});
  const target = (await oneState(await start(trusting))).target;
  await simulator.reset();
  const error = await failure(client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 1 } }));
  expect(error.reason).toBe('GRAPH_UNAVAILABLE');
  expect(await program.line('SELF_SIGNED_CERT_IN_CHAIN')).toContain('GRAPH_UNAVAILABLE');
  expect(await simulator.journal()).toEqual([]);
});

test.each([
  ['of a private authority', microsoftHosts, {}, undefined, /NODE_EXTRA_CA_CERTS/],
  ['that has expired', microsoftHosts, 'trusted', new Date(Date.now() - 60_000), /clock/],
  ['of another host', ['other.example'], 'trusted', undefined, /another host/],
] as const)('the doctor names a certificate %s', async (_, hosts, trust, endsAt, advice) => {
  microsoft.present(await authority.issue(hosts, endsAt));
  for (const credential of [{}, azureSettings]) {
    const { code, printed } = await runDoctor(settings({ ...credential, ...(trust === 'trusted' && trusting) }));
    expect(code).toBe(1);
    expect(printed).toMatch(/FAIL[\s\S]*certificate/i);
    expect(printed).toMatch(advice);
  }
});
