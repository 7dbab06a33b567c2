import { afterEach, expect, test, vi } from 'vitest';
import { clientWith } from '../support/clients.js';
import { startDelegated } from '../support/delegated.js';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { startTestService } from '../support/service.js';
import { manyStates } from '../support/states.js';
import { createSignedInUserAgent } from '../support/user-agent.js';

const slowly = { interval: 50, timeout: 60_000 };

test('with the tokens of the user, a job waits for their next sign-in', async () => {
  const pair = await startDelegated();
  const owner = await pair.signIn();
  const { target } = pair.known;
  const updates = [{ ...target, patch: { successDeviceCount: 4321 } }];
  // The user signs out during the read. Graph then rejects the token with which the write is sent.
  await pair.simulator.fault(
    { fault: 'latency', delayMs: 500, method: 'GET' },
    { fault: 'token-expired', method: 'PATCH', times: 'always' },
  );
  const { jobId } = await owner.client.updateJob.start.mutate({ updates });
  await owner.agent.signOut();
  const again = await pair.signIn();
  const state = async () => (await again.client.updateJob.get.query({ jobId })).state;
  await expect.poll(state, slowly).toBe('waiting-for-sign-in');
  expect((await patches(pair.simulator)).filter(({ applied }) => applied)).toEqual([]);
  await pair.simulator.reset();
  await again.client.updateJob.resume.mutate({ jobId });
  await expect.poll(state, slowly).toBe('done');
  expect((await again.client.updateJob.get.query({ jobId })).counts).toMatchObject({ applied: 1 });
  await pair.stop();
});

test('with the token of the service, a job continues after its user has signed out, and others see it', async () => {
  const service = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: 'x'.repeat(32) });
  const agent = await createSignedInUserAgent(service);
  const client = clientWith(service, () => agent.cookies());
  const states = await manyStates({ client }, 40);
  const updates = states.map((known, index) => ({ ...known.target, patch: { successDeviceCount: 900 + index } }));
  await service.simulator.fault({ fault: 'latency', delayMs: 300, method: 'GET', times: 'always' });
  const { jobId } = await client.updateJob.start.mutate({ updates });
  await agent.signOut();
  const reader = await createSignedInUserAgent(service, 'reader');
  const readerClient = clientWith(service, () => reader.cookies());
  const get = () => readerClient.updateJob.get.query({ jobId });
  await expect.poll(async () => (await get()).state, slowly).toBe('done');
  expect((await get()).counts).toMatchObject({ applied: 40 });
  for (const call of ['cancel', 'resume', 'undo'] as const) {
    expect(await failure(readerClient.updateJob[call].mutate({ jobId }))).toMatchObject({ reason: 'ROLE_MISSING' });
  }
  expect(await failure(readerClient.updateJob.start.mutate({ updates }))).toMatchObject({ reason: 'ROLE_MISSING' });
  await service.stop();
});

afterEach(() => void vi.useRealTimers());

test('with the token of the service, a job stops when its user has lost the role, and another operator resumes it', async () => {
  const service = await startTestService({
    SIGN_IN: 'oidc',
    SESSION_SECRET: 'x'.repeat(32),
    SESSION_IDLE_MINUTES: '1440',
    SESSION_ROLES_MINUTES: '60',
    GRAPH_DEADLINE_MS: '3000',
  });
  const agent = await createSignedInUserAgent(service);
  const client = clientWith(service, () => agent.cookies());
  const updates = (await manyStates({ client }, 2)).map(({ target }) => ({
    ...target,
    patch: { successDeviceCount: 1234 },
  }));
  await service.simulator.fault({ fault: 'token-expired', method: 'PATCH', times: 'always' });
  const { jobId } = await client.updateJob.start.mutate({ updates });
  await expect.poll(async () => (await patches(service.simulator)).length, slowly).toBeGreaterThan(0);
  await service.simulator.identitySettings({ claims: { operator: { roles: ['ScriptState.Read'] } } });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 });
  await expect
    .poll(async () => (await client.updateJob.get.query({ jobId })).state, slowly)
    .toBe('waiting-for-sign-in');
  expect((await client.updateJob.get.query({ jobId })).counts).toMatchObject({ waiting: 2 });
  expect(await failure(client.updateJob.resume.mutate({ jobId }))).toMatchObject({ reason: 'ROLE_MISSING' });
  await service.simulator.reset();
  await service.simulator.identitySettings({ claims: {} });
  const other = await createSignedInUserAgent(service);
  const otherClient = clientWith(service, () => other.cookies());
  await otherClient.updateJob.resume.mutate({ jobId });
  await expect.poll(async () => (await otherClient.updateJob.get.query({ jobId })).state, slowly).toBe('done');
  expect((await otherClient.updateJob.get.query({ jobId })).counts).toMatchObject({ applied: 2 });
  await service.stop();
});
