import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { createServer } from 'vite';
import { describe, expect, type TestContext, test, vi } from 'vitest';
import { createClient } from '../../src/client/index.js';
import { rowsOf } from '../support/bulk.js';
import { blocksOf, readPage } from '../support/documentation.js';
import { createFrontEnd } from '../support/front-end.js';
import { isNginxInstalled, startNginx } from '../support/nginx.js';
import { startNode } from '../support/process.js';
import { startTestService, type TestService } from '../support/service.js';
import { manyStates } from '../support/states.js';
import { createUserAgent } from '../support/user-agent.js';

const page = await readPage('src/client/README.md');
const [vite = '', next = ''] = blocksOf(page, 'js');
const [nginx = ''] = blocksOf(page, 'nginx');

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a service behind a proxy that will listen on a free port. */
async function startBehindProxy(onFinished: TestContext['onTestFinished']) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const service = await startTestService({ SIGN_IN: 'oidc', PUBLIC_URL: origin });
  onFinished(() => service.stop());
  /** A block of the page, with the addresses of this test. */
  const here = (block: string) =>
    block.replaceAll('http://127.0.0.1:3000', service.address).replaceAll('5173', String(port));
  return { port, origin, service, here };
}

/** Signs in through a proxy, calls, reads a stream and signs out. */
async function useProxy(origin: string, service: TestService): Promise<void> {
  await vi.waitFor(async () => expect((await fetch(`${origin}/trpc/none`)).status).toBe(403), { timeout: 60_000 });
  const agent = createUserAgent({ ...service, address: origin }, origin);
  const { url } = await agent.signIn('operator', '?returnTo=/');
  expect(url.href).toBe(`${origin}/`);

  const headers = () => ({ cookie: agent.cookies().join('; '), origin, 'sec-fetch-site': 'same-origin' });
  const client = createClient({ url: origin, headers });
  const script = { scriptKind: 'deviceShellScript' } as const;
  const [session, scripts] = await Promise.all([client.session.current.query(), client.script.list.query(script)]);
  expect(session.roles).toContain('operator');
  expect(scripts.items.length).toBeGreaterThan(0);

  // The slow update is in another batch of Graph's than the first ones.
  const updates = rowsOf(await manyStates({ client }, 60, ['deviceShellScript']), 100);
  const path = updates.at(-1)?.userStateId ?? '';
  await service.simulator.fault({ fault: 'latency', method: 'PATCH', path, delayMs: 15_000 });
  const cancelled = new AbortController();
  const stream = await client.scriptUserState.updateMany.mutate({ updates }, { signal: cancelled.signal });
  for await (const event of stream) {
    if (event.type === 'progress') continue;
    expect(event).toMatchObject({ ok: true });
    break;
  }
  // A proxy that withholds the stream would pass the first result on with the last.
  expect(service.outcomes({ userStateId: path })).toEqual([]);
  cancelled.abort();

  // The service receives bodies up to its own limit, which nginx's default is below.
  const [row] = updates;
  const long = [{ ...(row ?? expect.fail('no row')), patch: { userPrincipalName: 'x'.repeat(2_000_000) } }];
  await expect(client.scriptUserState.updateMany.mutate({ updates: long })).rejects.toMatchObject({
    data: { reason: 'INVALID_INPUT', issues: [{ path: ['updates', 0, 'patch', 'userPrincipalName'] }] },
  });

  expect((await agent.signOut()).status).toBe(200);
  await expect(client.session.current.query()).rejects.toMatchObject({ data: { reason: 'SIGN_IN_REQUIRED' } });
}

// Each test waits for the slow update at its end.
describe.concurrent('the recipe for a proxy', () => {
  test('of Vite', async ({ onTestFinished }) => {
    const { origin, service, here } = await startBehindProxy(onTestFinished);
    const frontEnd = await createFrontEnd([]);
    const config = here(vite).replace(
      "import { defineConfig } from 'vite';",
      'const defineConfig = (config) => config;',
    );
    await frontEnd.write({ 'index.html': '<h1>page</h1>', 'vite.config.js': config });
    const server = await createServer({
      root: frontEnd.folder,
      configFile: `${frontEnd.folder}/vite.config.js`,
      logLevel: 'error',
    });
    onTestFinished(() => server.close());
    await server.listen();
    await useProxy(origin, service);
  });

  test('of Next', async ({ onTestFinished }) => {
    const { port, origin, service, here } = await startBehindProxy(onTestFinished);
    const frontEnd = await createFrontEnd(['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1']);
    await frontEnd.write({ 'next.config.mjs': here(next), 'pages/index.js': 'export default () => <h1>page</h1>;' });
    const args = ['node_modules/next/dist/bin/next', 'dev', '-p', String(port)];
    const running = startNode(args, { NEXT_TELEMETRY_DISABLED: '1' }, { cwd: frontEnd.folder, stdio: 'ignore' });
    onTestFinished(() => running.stop('SIGTERM'));
    await useProxy(origin, service);
  });

  test.skipIf(!isNginxInstalled)('of nginx', async ({ onTestFinished }) => {
    const { port, origin, service, here } = await startBehindProxy(onTestFinished);
    const server = here(nginx).replace('/srv/front-end', 'ROOT');
    const { stop } = await startNginx(port, server, { 'index.html': '<h1>page</h1>' });
    onTestFinished(stop);
    await useProxy(origin, service);
    expect(await (await fetch(`${origin}/any/path`)).text()).toBe('<h1>page</h1>');
  });
});
