import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../support/clients.js';
import { delegated, signInUser } from '../support/delegated.js';
import { failure } from '../support/failure.js';
import { addressOf, usePrograms } from '../support/program.js';
import { startProvider } from '../support/provider.js';
import { liveSettings, startTestService, useService } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';

const simulator = useSimulator('fixed-token');
afterEach(() => simulator.reset());

const list = (address: string) => createClient(address).script.list.query({ scriptKind: 'deviceShellScript' });

describe('the credential azure', () => {
  /** The managed identity endpoint of Azure's App Service. It issues tokens of the simulator. */
  let identity: Server;
  let answersAfter: Promise<void> = Promise.resolve();
  let lifetimeMs = 3_600_000;
  const asked: string[] = [];

  beforeAll(async () => {
    identity = createServer((request, response) => {
      asked.push(`${request.url}`);
      void answersAfter
        .then(() =>
          fetch(`${simulator.url}/simulator/token`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ lifetimeMs }),
          }),
        )
        .then((issued) => issued.json())
        .then((body) => {
          const { token, expiresOnTimestamp } = body as { token: string; expiresOnTimestamp: number };
          response.setHeader('content-type', 'application/json');
          const expires = Math.floor(expiresOnTimestamp / 1000);
          response.end(
            JSON.stringify({ access_token: token, expires_on: expires, token_type: 'Bearer', resource: 'x' }),
          );
        });
    }).listen(0, '127.0.0.1');
    await once(identity, 'listening');
  });
  afterEach(() => {
    asked.length = 0;
    answersAfter = Promise.resolve();
    lifetimeMs = 3_600_000;
  });
  afterAll(() => identity.close());
  const startProgram = usePrograms('test');

  const start = (env: Readonly<Record<string, string>> = {}) => {
    const { port } = identity.address() as AddressInfo;
    return startProgram('dist/main.js', {
      PORT: '0',
      LOG_LEVEL: 'trace',
      SIGN_IN: 'off',
      GRAPH_CREDENTIAL: 'azure',
      GRAPH_BASE_URL: simulator.baseUrl,
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`,
      IDENTITY_HEADER: 'canary-identity-header',
      ...env,
    });
  };

  test('requests one token through @azure/identity for all calls that wait for it', async () => {
    let release = () => {};
    answersAfter = new Promise((resolve) => {
      release = resolve;
    });
    const program = start();
    const address = await addressOf(program);
    const answers = Promise.all(Array.from({ length: 20 }, () => list(address)));
    await expect.poll(() => asked).not.toEqual([]);
    release();
    for (const { items } of await answers) expect(items.length).toBeGreaterThan(0);
    expect(asked).toHaveLength(1);
    expect(decodeURIComponent(asked[0] ?? '')).toContain('resource=https://graph.microsoft.com');
    expect(program.stdout.join('\n')).not.toContain('canary-identity-header');
  });

  test.each([
    ['https://graph.microsoft.com/beta', 'https://graph.microsoft.com'],
    ['https://graph.microsoft.us/beta', 'https://graph.microsoft.us'],
    ['https://dod-graph.microsoft.us/beta', 'https://dod-graph.microsoft.us'],
    ['https://microsoftgraph.chinacloudapi.cn/beta', 'https://microsoftgraph.chinacloudapi.cn'],
    ['https://graph.svc.sovcloud.fr/beta', 'https://graph.svc.sovcloud.fr'],
    ['https://localhost:8443/beta', 'https://localhost:8443'],
    ['http://localhost:8443/beta', 'https://graph.microsoft.com'],
  ])('requests a token for the cloud of the Graph at %s', async (baseUrl, resource) => {
    start({ GRAPH_BASE_URL: baseUrl });
    await expect
      .poll(() => asked.map((path) => new URL(path, 'http://x').searchParams.get('resource')))
      .toEqual([resource]);
  });

  test('without a token fails the call, and logs the cause', async () => {
    const running = start({ AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' });
    const address = await addressOf(running);
    expect(await failure(list(address))).toMatchObject({
      reason: 'CREDENTIAL_UNAVAILABLE',
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(await running.line('no Graph token is available')).toContain('EnvironmentCredential is unavailable');
  });

  test('that hangs fails the call within its deadline', async () => {
    answersAfter = new Promise(() => undefined);
    const address = await addressOf(start({ GRAPH_DEADLINE_MS: '500' }));
    expect(await failure(list(address))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
  });
});

test.each([
  ['https://graph.microsoft.us/beta', 'https://graph.microsoft.us'],
  ['https://graph.svc.sovcloud.fr/beta', 'https://graph.svc.sovcloud.fr'],
])('signed-in-user requests a permission of the Graph at %s', async (baseUrl, origin) => {
  const provider = await startProvider({ register: (token) => simulator.register(token) });
  const service = await startTestService({ ...delegated(simulator, provider), GRAPH_BASE_URL: baseUrl });
  await signInUser(service, provider.issuer);
  const [request] = provider.authorizationRequests;
  expect(request?.get('scope')?.split(' ')).toContain(`${origin}/DeviceManagementScripts.ReadWrite.All`);
  await service.stop();
  await provider.stop();
});

describe('a token that Graph rejects', () => {
  const service = useService({ GRAPH_CREDENTIAL: 'simulator', GRAPH_DEADLINE_MS: '3000' });
  afterEach(() => service.simulator.reset());

  test('with a claims challenge is replaced by one with those claims, and the call continues', async () => {
    await service.simulator.fault({ fault: 'claims-challenge' });
    expect((await list(service.address)).items.length).toBeGreaterThan(0);
    expect((await list(service.address)).items.length).toBeGreaterThan(0);
    expect((await service.simulator.journal()).map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  test('is replaced for all calls that failed with it at the same time', async () => {
    await service.simulator.fault({ fault: 'claims-challenge' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => list(service.address)));
    for (const { items } of answers) expect(items.length).toBeGreaterThan(0);
  });

  test('twice makes the credential unavailable', async () => {
    await service.simulator.fault({ fault: 'token-expired', times: 2 });
    expect(await failure(list(service.address))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
  });

  test('and comes from the settings makes the credential unavailable immediately', async () => {
    const fixedToken = await startTestService(liveSettings(simulator, 'fixed-token'));
    await simulator.fault({ fault: 'token-expired' });
    const { reason, graph } = await failure(list(fixedToken.address));
    expect(reason).toBe('CREDENTIAL_UNAVAILABLE');
    expect(graph?.requestId).toBeDefined();
    expect(await simulator.journal()).toHaveLength(1);
    await fixedToken.stop();
  });
});
