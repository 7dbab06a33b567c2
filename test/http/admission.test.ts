import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Authenticate } from '../../src/auth/principal.js';
import type { Row } from '../support/bulk.js';
import { useFixture } from '../support/fixture.js';
import { canaryToken } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { startTestApp } from '../support/test-app.js';

const mebibyte = 1024 * 1024;
const generous = { timeout: 20_000 };

/** How many requests have been authenticated after their connection was closed. */
let closedEarly = 0;

/** The header `x-test-person` names the caller. With `x-test-closed`, the caller is known once the connection is closed. */
const authenticate: Authenticate = async (incoming) => {
  if (incoming.get('x-test-closed') !== undefined) {
    await once(incoming.socket, 'close');
    closedEarly++;
  }
  const oid = incoming.get('x-test-person') ?? '';
  return { user: { oid, name: oid, roles: ['reader', 'operator'] }, expiresAt: null };
};

const simulator = useSimulator(canaryToken);
const app = useFixture(
  () => startTestApp({ authenticate, graphUrl: simulator.baseUrl, writesPer20s: 1 }),
  ({ stop }) => stop(),
);
let open: ClientRequest[] = [];

beforeEach(() => simulator.reset());
afterEach(() => {
  for (const each of open) each.destroy();
  open = [];
});

const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    scriptKind: 'deviceShellScript',
    scriptId: 'script',
    userStateId: `script:${index}`,
    patch: { successDeviceCount: index },
  }));

/** Starts a bulk call of a person. @param length the `content-length`; by default, the body is chunked */
function start(person: string, length?: number): ClientRequest {
  const sent = request(`${app.address}/trpc/scriptUserState.updateMany?batch=1`, {
    method: 'POST',
    agent: false,
    headers: {
      'x-csrf': '1',
      'x-test-person': person,
      'content-type': 'application/json',
      // The server confirms that it has received the headers.
      expect: '100-continue',
      'trpc-accept': 'application/jsonl',
      ...(length !== undefined && { 'content-length': length }),
    },
  });
  sent.on('error', () => undefined);
  open.push(sent);
  sent.flushHeaders();
  return sent;
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.on('error', () => undefined);
}

/** Calls with that many rows, and leaves the response unread. Its status is 200 once the head of the stream is sent. */
function call(person: string, count: number): Promise<IncomingMessage> {
  const body = JSON.stringify({ 0: { updates: rowsOf(count) } });
  const sent = start(person, Buffer.byteLength(body));
  sent.end(body);
  return responseTo(sent);
}

/** Resolves with the first lines of a response: the rows are admitted when the stream reports progress. */
async function firstLines(response: IncomingMessage): Promise<string> {
  let lines = '';
  response.on('data', (chunk: Buffer) => {
    lines += chunk.toString();
  });
  await expect.poll(() => /"progress"|"error"/.test(lines), generous).toBe(true);
  response.pause();
  return lines;
}

const admitted = async (person: string, count: number) => {
  const response = await call(person, count);
  expect(await firstLines(response)).toContain('"progress"');
  return response;
};

async function expectOverloaded(response: IncomingMessage, retryAfterMs: number): Promise<void> {
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe(String(retryAfterMs / 1000));
  expect(JSON.parse(await text(response))).toMatchObject({
    error: { data: { reason: 'OVERLOADED', code: 'SERVICE_UNAVAILABLE', retryAfterMs } },
  });
}

/** Resolves when a call of the person with that many rows is admitted. */
async function untilAdmitted(person: string, count: number): Promise<void> {
  const attempt = async () => {
    const response = await call(person, count);
    const lines = await firstLines(response);
    response.destroy();
    return lines;
  };
  await expect.poll(attempt, generous).toContain('"progress"');
}

test('a user may have 10,000 rows in progress; further calls are rejected before their body is read', async () => {
  await admitted('ada', 5000);
  const second = await admitted('ada', 5000);
  // The body is announced and never sent.
  await expectOverloaded(await responseTo(start('ada', 1000)), 20_000);
  await expectOverloaded(await responseTo(start('ada')), 20_000);
  await admitted('bob', 1);
  second.destroy();
  await untilAdmitted('ada', 5000);
});

test('a call whose connection was closed before its user was known keeps nothing', async () => {
  const calls = 20;
  for (let count = 0; count < 3; count++) {
    const before = closedEarly;
    const paths = Array(calls).fill('scriptUserState.updateMany').join(',');
    const sent = request(`${app.address}/trpc/${paths}?batch=1`, {
      method: 'POST',
      agent: false,
      headers: {
        'x-csrf': '1',
        'x-test-person': 'ada',
        'x-test-closed': '1',
        'content-type': 'application/json',
        'trpc-accept': 'application/jsonl',
        'content-length': 1000,
      },
    });
    sent.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      sent.on('socket', (socket) => socket.on('connect', resolve));
      sent.flushHeaders();
    });
    sent.destroy();
    await expect.poll(() => closedEarly, generous).toBe(before + 1);
  }
  await admitted('ada', 5000);
});

test('a call whose rows exceed the limit is rejected when its body is read', async () => {
  await admitted('ada', 5000);
  await admitted('ada', 4000);
  const lines = await firstLines(await call('ada', 5000));
  expect(lines).toContain('"reason":"OVERLOADED"');
  expect(lines).toContain('"retryAfterMs":20000');
  await admitted('ada', 1000);
});

test('a short call counts as 500 rows', async () => {
  // Its first row takes the only slot, so that the others wait.
  await admitted('bob', 1000);
  for (let calls = 0; calls < 20; calls++) await admitted('ada', 1);
  await expectOverloaded(await call('ada', 1), 20_000);
});

test('all users together may have 40,000 rows in progress, and single calls are still answered', async () => {
  for (const person of ['ada', 'bob', 'cyd', 'dan', 'ada', 'bob', 'cyd', 'dan']) await admitted(person, 5000);
  await expectOverloaded(await call('eve', 1), 20_000);
  const single = await fetch(`${app.address}/trpc/scriptUserState.get`, {
    method: 'POST',
    headers: { 'x-csrf': '1', 'x-test-person': 'eve', 'content-type': 'application/json' },
    body: JSON.stringify({ scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'script:0' }),
  });
  // The state does not exist, as Graph has responded.
  expect(await single.text()).toContain('GRAPH_NOT_FOUND');
});

test('a user may have 8 MiB of bulk bodies in progress, whether their lengths are announced or not', async () => {
  const announced = start('ada', 4 * mebibyte);
  await once(announced, 'continue');
  await once(start('ada', 3 * mebibyte), 'continue');
  await expectOverloaded(await responseTo(start('ada', 2 * mebibyte)), 5000);
  const chunked = start('ada');
  chunked.write(Buffer.alloc(1.5 * mebibyte, ' '));
  await expectOverloaded(await responseTo(chunked), 5000);
  await admitted('bob', 5000);
  announced.destroy();
  await untilAdmitted('ada', 5000);
});
