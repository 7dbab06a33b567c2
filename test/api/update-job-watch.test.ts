import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Authenticate } from '../../src/auth/principal.js';
import { rowsOf } from '../support/bulk.js';
import { clientWith } from '../support/clients.js';
import type { Controls } from '../support/controls.js';
import { useFixture } from '../support/fixture.js';
import { canaryToken, type TestService, useService } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { manyStates } from '../support/states.js';
import { startTestApp } from '../support/test-app.js';
import { createSignedInUserAgent } from '../support/user-agent.js';

const slowly = { timeout: 60_000, interval: 20 };

/** A watch over plain HTTP. */
interface Watch {
  readonly response: IncomingMessage;
  /** All that was received. A space is a ping. */
  readonly received: () => string;
  readonly isOpen: () => boolean;
}

let open: ClientRequest[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const each of open) each.destroy();
  open = [];
});

async function watch(address: string, jobId: string, headers: Readonly<Record<string, string>>): Promise<Watch> {
  const sent = request(`${address}/trpc/updateJob.watch?batch=1`, {
    method: 'POST',
    agent: false,
    headers: { 'x-csrf': '1', 'content-type': 'application/json', 'trpc-accept': 'application/jsonl', ...headers },
  });
  sent.on('error', () => undefined);
  open.push(sent);
  sent.end(JSON.stringify({ 0: { jobId } }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let received = '';
  let isOpen = true;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => (received += chunk.toString()));
  response.once('close', () => (isOpen = false));
  await expect.poll(() => /"jobId"|"error"/.test(received), slowly).toBe(true);
  return { response, received: () => received, isOpen: () => isOpen };
}

const pings = ({ received }: Watch) => received().split('\n').at(-1)?.length ?? 0;

/** Starts a job that waits for approval: it does not change by itself. */
async function startIdleJob(client: TestService['client'], simulator: Controls): Promise<string> {
  await simulator.settings({ approval: true });
  const updates = [...rowsOf(await manyStates({ client }, 1, ['deviceShellScript']), 700)];
  const { jobId } = await client.updateJob.start.mutate({ updates, justification: 'wrong count' });
  const state = async () => (await client.updateJob.get.query({ jobId })).state;
  await expect.poll(state, slowly).toBe('waiting-for-approval');
  return jobId;
}

describe('watches of a job that does not change', () => {
  /** The header `x-test-person` names the caller. */
  const authenticate: Authenticate = async (incoming) => {
    const oid = incoming.get('x-test-person') ?? '';
    return { user: { oid, name: oid, roles: ['reader', 'operator'] }, expiresAt: null };
  };
  const simulator = useSimulator(canaryToken);
  const app = useFixture(
    () => startTestApp({ authenticate, graphUrl: simulator.baseUrl, limits: { unreadMs: 1_000 } }),
    ({ stop }) => stop(),
  );

  test('are limited for each user and for all, and leave the service to others', async () => {
    const jobId = await startIdleJob(app.client, simulator);
    const by = (person: string) => watch(app.address, jobId, { 'x-test-person': person });
    const overloaded = /"reason":"OVERLOADED".*"retryAfterMs":20000/;
    const first = await by('person 0');
    for (let count = 1; count < 20; count++) expect((await by('person 0')).received()).not.toMatch(overloaded);
    expect((await by('person 0')).received()).toMatch(overloaded);
    for (let count = 20; count < 200; count++) {
      expect((await by(`person ${Math.floor(count / 20)}`)).received()).not.toMatch(overloaded);
    }
    expect((await by('person 10')).received()).toMatch(overloaded);
    expect((await app.client.updateJob.get.query({ jobId })).state).toBe('waiting-for-approval');
    first.response.destroy();
    const isAdmitted = async () => {
      const next = await by('person 10');
      next.response.destroy();
      return !overloaded.test(next.received());
    };
    await expect.poll(isAdmitted, slowly).toBe(true);
  });

  test('stay open without data, with pings for proxies, and report the next change', async () => {
    const jobId = await startIdleJob(app.client, simulator);
    const idle = await watch(app.address, jobId, { 'x-test-person': 'ada' });
    // The limit of unread responses is 1 s here. The first ping follows after 10 s.
    await expect.poll(() => pings(idle), slowly).toBeGreaterThan(0);
    expect(idle.isOpen()).toBe(true);
    await app.client.updateJob.cancel.mutate({ jobId });
    await expect.poll(() => idle.isOpen(), slowly).toBe(false);
    expect(idle.received()).toContain('"state":"cancelled"');
    expect(idle.response.complete).toBe(true);
  });
});

describe('a watch with a session', () => {
  const service = useService({
    SIGN_IN: 'oidc',
    SESSION_SECRET: 'a-session-secret-of-the-tests-own-0001',
    SESSION_IDLE_MINUTES: '30',
  });

  test('does not extend it, and reports nothing once it has ended', async () => {
    const agent = await createSignedInUserAgent(service);
    const client = clientWith(service, () => agent.cookies());
    const other = await createSignedInUserAgent(service);
    const jobId = await startIdleJob(client, service.simulator);
    const idleExpiry = async () => (await client.session.current.query()).idleExpiresAt;
    const expiry = await idleExpiry();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 20 * 60_000 });
    const watching = await watch(service.address, jobId, { cookie: agent.cookies().join('; ') });
    // A stream that is user activity extends the session within 5 s after a ping.
    await expect.poll(() => pings(watching), slowly).toBeGreaterThan(1);
    expect(await idleExpiry()).toEqual(expiry);
    await agent.signOut();
    const before = watching.received();
    await clientWith(service, () => other.cookies()).updateJob.cancel.mutate({ jobId });
    await expect.poll(() => watching.isOpen(), slowly).toBe(false);
    expect(watching.received().slice(before.length)).toContain('"reason":"SIGN_IN_REQUIRED"');
    expect(watching.received()).not.toContain('cancelled');
  });
});
