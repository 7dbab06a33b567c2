import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Authenticate } from '../../src/auth/principal.js';
import { useFixture } from '../support/fixture.js';
import { canaryToken } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { startTestApp } from '../support/test-app.js';

const slowly = { interval: 50, timeout: 60_000 };
const rowCount = 5_000;
const overloaded = '"reason":"OVERLOADED"';

/** The header `x-test-person` names the caller. */
const authenticate: Authenticate = async (incoming) => {
  const oid = incoming.get('x-test-person') ?? '';
  return { user: { oid, name: oid, roles: ['reader', 'operator'] }, expiresAt: null };
};
const simulator = useSimulator(canaryToken);
const app = useFixture(
  () => startTestApp({ authenticate, graphUrl: simulator.baseUrl }),
  ({ stop }) => stop(),
);

const unread: IncomingMessage[] = [];
afterEach(() => {
  for (const response of unread.splice(0)) response.destroy();
});

/** Calls a procedure several times in one batch. @returns the response, which is not read */
async function callBatch(person: string, method: 'GET' | 'POST', procedure: string, input: object, count: number) {
  const inputs = JSON.stringify({ ...Array.from({ length: count }, () => input) });
  const names = Array.from({ length: count }, () => procedure).join(',');
  const query = method === 'GET' ? `&input=${encodeURIComponent(inputs)}` : '';
  const headers = { 'x-csrf': '1', 'content-type': 'application/json', 'x-test-person': person };
  const sent = request(`${app.address}/trpc/${names}?batch=1${query}`, { method, agent: false, headers });
  sent.on('error', () => undefined);
  sent.end(method === 'POST' ? inputs : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  unread.push(response);
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  return Buffer.concat(await response.toArray()).toString();
}

/** A job of many long rows that has been cancelled before it has sent all of them. */
async function startLargeJob(): Promise<string> {
  const updates = Array.from({ length: rowCount }, (_, index) => ({
    scriptKind: 'deviceShellScript' as const,
    scriptId: 'script',
    userStateId: `script:${index}`,
    patch: { userPrincipalName: 'x'.repeat(650) },
  }));
  const { jobId } = await app.client.updateJob.start.mutate({ updates });
  await app.client.updateJob.cancel.mutate({ jobId });
  await expect.poll(async () => (await app.client.updateJob.get.query({ jobId })).state, slowly).toBe('cancelled');
  return jobId;
}

test('undos of one user hold no more rows than their starts', async () => {
  const jobId = await startLargeJob();
  const text = await textOf(await callBatch('ada', 'POST', 'updateJob.undo', { jobId }, 3));
  expect(text.split(overloaded)).toHaveLength(2);
  expect(text.split('has no applied updates')).toHaveLength(3 + 2);
  // The rows are released.
  expect(await textOf(await callBatch('ada', 'POST', 'updateJob.undo', { jobId }, 1))).not.toContain(overloaded);
});

test('pages of results that a user does not read are limited, and leave the service to others', async () => {
  const input = { jobId: await startLargeJob() };
  const pages = (person: string) => callBatch(person, 'GET', 'updateJob.results', input, 20);
  const first = await pages('ada');
  expect(await textOf(await pages('ada'))).toContain(overloaded);
  expect(await textOf(await callBatch('ada', 'GET', 'updateJob.get', input, 20))).not.toContain(overloaded);
  expect(await textOf(await pages('bob'))).not.toContain(overloaded);
  first.destroy();
  await expect.poll(async () => (await textOf(await pages('ada'))).includes(overloaded), slowly).toBe(false);
});

test('pages of long rows have fewer rows, and all pages have each row once', async () => {
  const name = 'あ'.repeat(1_000);
  const updates = Array.from({ length: 600 }, (_, index) => ({
    scriptKind: 'deviceShellScript' as const,
    scriptId: 'script',
    userStateId: `script:${index}`,
    patch: { userPrincipalName: name },
    expected: { userPrincipalName: name },
  }));
  const { jobId } = await app.client.updateJob.start.mutate({ updates });
  await app.client.updateJob.cancel.mutate({ jobId });
  const indexes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await app.client.updateJob.results.query({ jobId, cursor });
    expect(JSON.stringify(page).length).toBeLessThan(1024 * 1024);
    indexes.push(...page.items.map(({ index }) => index));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(indexes).toEqual(updates.map((_, index) => index));
});
