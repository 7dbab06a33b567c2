import { createServer } from 'node:http';
import { expect, test, vi } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.js';
import { useIdentityClient } from '../support/identity-client.js';

const client = useIdentityClient('test');
const { control, refresh, signIn, start } = client;

test('writes nothing to the console', async () => {
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  await client.simulator.close();
  await start({ identity: true });
  const tokens = await signIn('operator');
  await refresh(tokens);
  await client.browser.open(`${client.simulator.url}/identity/nowhere`);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('is not mounted by default', async () => {
  await client.simulator.close();
  client.simulator = await startSimulator();
  expect(client.simulator.identity).toBeUndefined();
  expect((await fetch(`${client.simulator.url}/simulator/identity`)).status).toBe(404);
  expect((await fetch(`${client.simulator.url}/identity/.well-known/openid-configuration`)).status).not.toBe(200);
});

test('rejects invalid settings', async () => {
  expect(await control('PATCH', { refresh: 'sometimes' })).toBe(400);
  expect(await control('PATCH', { accessTokenSeconds: 0 })).toBe(400);
});

test('does not start on a port that is in use', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await expect.poll(() => holder.listening).toBe(true);
  const address = holder.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await expect(startSimulator({ identity: true, port: port ?? 0 })).rejects.toThrow('EADDRINUSE');
  holder.close();
});
