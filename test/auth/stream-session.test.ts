import { afterEach, expect, test, vi } from 'vitest';
import { readMany, rowsOf, type UpdateManyCall } from '../support/bulk.js';
import { clientWith, createStreamClient } from '../support/clients.js';
import { patches } from '../support/journal.js';
import { useService } from '../support/service.js';
import { manyStates } from '../support/states.js';
import { createSignedInUserAgent, type UserAgent } from '../support/user-agent.js';

const minute = 60_000;
const patience = { timeout: 90_000, interval: 200 };

const service = useService({
  SIGN_IN: 'oidc',
  SESSION_SECRET: 'a-session-secret-of-the-tests-own-0001',
  SESSION_IDLE_MINUTES: '30',
  SESSION_ROLES_MINUTES: '60',
});
afterEach(async () => {
  vi.useRealTimers();
  await service.simulator.reset();
  await service.simulator.identitySettings({ claims: {} });
});

function advance(minutes: number): void {
  const now = Date.now();
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + minutes * minute);
}

/** The time until the session ends without further calls, in minutes. Reading it does not extend the session. */
async function idleMinutes(agent: UserAgent): Promise<number> {
  const { data } = await agent.call('session.current');
  const { idleExpiresAt } = (data ?? {}) as { idleExpiresAt?: string };
  return idleExpiresAt === undefined ? 0 : (Date.parse(idleExpiresAt) - Date.now()) / minute;
}

/** Starts a bulk update that waits for Graph's quota for 45 s. */
async function startWaiting(): Promise<{ readonly agent: UserAgent; readonly call: UpdateManyCall }> {
  const agent = await createSignedInUserAgent(service);
  const states = await manyStates({ client: clientWith(service, () => agent.cookies()) }, 3);
  const client = createStreamClient(service, { cookie: agent.cookies().join('; ') });
  const [first, ...rows] = rowsOf(states, 1000);
  await service.simulator.reset();
  await service.simulator.fault({ fault: 'throttled', method: 'PATCH', delayMs: 45_000 });
  await readMany(client, { updates: first === undefined ? [] : [first] }).finished;
  const call = readMany(client, { updates: rows });
  await expect.poll(() => call.events, patience).toHaveLength(1);
  return { agent, call };
}

test('a session does not reach its idle timeout while a bulk update is being read', async () => {
  const { agent, call } = await startWaiting();
  for (let round = 0; round < 2; round++) {
    advance(20);
    await expect.poll(() => idleMinutes(agent), patience).toBeGreaterThan(29);
  }
  expect((await call.finished).map(({ ok }) => ok)).toEqual([true, true]);
  advance(31);
  expect(await agent.call('session.current')).toMatchObject({ status: 401 });
});

test('a user who loses the role during a bulk update cannot complete it', async () => {
  const { agent, call } = await startWaiting();
  const before = (await patches(service.simulator)).length;
  await service.simulator.identitySettings({ claims: { operator: { roles: ['ScriptState.Read'] } } });
  // The roles are an hour old before the session, which the stream extends, is idle for too long.
  for (const minutes of [25, 25, 15]) {
    advance(minutes);
    await expect.poll(() => idleMinutes(agent), patience).toBeGreaterThan(29);
  }
  expect(await agent.call('session.current')).toMatchObject({ data: { roles: ['reader'] } });
  const results = await call.finished;
  expect(results).toMatchObject(results.map(() => ({ ok: false, error: { data: { reason: 'SIGN_IN_REQUIRED' } } })));
  expect(await patches(service.simulator)).toHaveLength(before);
});
