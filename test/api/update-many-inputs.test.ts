import { createTRPCClient, httpBatchLink, httpLink } from '@trpc/client';
import supertest from 'supertest';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AppRouter } from '../../src/contract.js';
import { type Row, rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { expectRefused } from '../support/expect-refused.js';
import { failure } from '../support/failure.js';
import { readSchemas, type SchemaValidator } from '../support/json-schemas.js';
import { usePair } from '../support/pair.js';
import { manyStates } from '../support/states.js';
import { startTestApp } from '../support/test-app.js';

const kib = 1024;

const pair = usePair();
let rows: Row[];
let schemas: SchemaValidator;

beforeAll(async () => {
  schemas = await readSchemas(pair.service);
  rows = [...rowsOf(await manyStates(pair.service, 3), 1000)];
});

const short: Row = { scriptKind: 'deviceShellScript', scriptId: 'a', userStateId: 'b', patch: { errorDeviceCount: 1 } };

/** The error of a call that no typed client would send. */
const refused = (input: unknown) =>
  failure(createStreamClient(pair.service).scriptUserState.updateMany.mutate(input as never));

/** Sends a body of the given size: JSON may end with white space. */
const send = (procedure: string, input: object, bytes: number) =>
  sendText(procedure, JSON.stringify({ 0: input }).padEnd(bytes, ' '));

function sendText(procedure: string, body: string) {
  return supertest(pair.service.address)
    .post(`/trpc/${procedure}?batch=1`)
    .set({ 'x-csrf': '1', 'content-type': 'application/json', 'trpc-accept': 'application/jsonl' })
    .send(body);
}

describe('updateMany rejects, without a request to Graph,', () => {
  afterEach(async () => expect(await pair.simulator.journal()).toEqual([]));

  test.each<[string, () => unknown, readonly (string | number)[], string]>([
    ['an empty list', () => ({ updates: [] }), ['updates'], 'must not be empty'],
    [
      'more than 5,000',
      () => ({ updates: Array.from({ length: 5001 }, () => short) }),
      ['updates'],
      'must have at most 5000 items',
    ],
    ['an unknown key', () => ({ updates: rows, dryRun: true }), [], 'must not have unknown fields'],
    [
      'an unknown key in a row',
      () => ({ updates: [rows[0], { ...rows[1], etag: '1' }] }),
      ['updates', 1],
      'must not have unknown fields',
    ],
    [
      'a justification in a row',
      () => ({ updates: [{ ...rows[0], approval: { justification: 'a ticket' } }] }),
      ['updates', 0, 'approval', 'code'],
      'is required',
    ],
    [
      'a code and a justification in a row',
      () => ({ updates: [{ ...rows[0], approval: { code: 'c', justification: 'a ticket' } }] }),
      ['updates', 0, 'approval'],
      'must not have unknown fields',
    ],
    [
      'a code for the whole call',
      () => ({ updates: rows, approval: { code: 'c' } }),
      ['approval', 'justification'],
      'is required',
    ],
    [
      'a bad code in a row',
      () => ({ updates: [rows[0], { ...rows[1], approval: { code: 'a\r\nb' } }] }),
      ['updates', 1, 'approval', 'code'],
      'must be 1 to 256 letters, digits, dots, underscores, hyphens or colons',
    ],
    [
      'expected values without a field',
      () => ({ updates: [{ ...rows[0], expected: {} }] }),
      ['updates', 0, 'expected'],
      'must have at least one field',
    ],
    [
      'an unknown expected value',
      () => ({ updates: [{ ...rows[0], expected: { id: 'a' } }] }),
      ['updates', 0, 'expected'],
      'must not have unknown fields',
    ],
    [
      'an empty patch in a row',
      () => ({ updates: [...rows, { ...short, patch: {} }] }),
      ['updates', 3, 'patch'],
      'must have at least one field',
    ],
    [
      'a wrong count in a row',
      () => ({ updates: [rows[0], rows[1], { ...short, patch: { errorDeviceCount: -1 } }] }),
      ['updates', 2, 'patch', 'errorDeviceCount'],
      'must be 0 or more',
    ],
    [
      'a bad id in a row',
      () => ({ updates: [{ ...short, userStateId: '../x' }] }),
      ['updates', 0, 'userStateId'],
      'must be 1 to 256 letters, digits, dots, underscores, hyphens or colons',
    ],
    [
      'a justification that is too long',
      () => ({ updates: rows, approval: { justification: 'x'.repeat(1025) } }),
      ['approval', 'justification'],
      'must have at most 1024 characters',
    ],
    ['an array in place of the object', () => rows, [], 'must be an object'],
    ['a missing input', () => undefined, [], 'is required'],
  ])('%s', async (_, input, path, message) => {
    const { reason, code, issues } = await refused(input());
    expect({ reason, code }).toEqual({ reason: 'INVALID_INPUT', code: 'BAD_REQUEST' });
    expect(issues).toContainEqual({ path, message });
    const json = JSON.stringify(input() ?? null);
    expect(schemas.acceptsInput('scriptUserState.updateMany', json)).toBe(false);
  });

  test('thousands of invalid rows, in a short response', async () => {
    const { issues } = await refused({ updates: Array.from({ length: 5000 }, () => ({ ...short, userStateId: '' })) });
    expect(issues).toHaveLength(100);
    const several = { ...short, scriptId: '', userStateId: '', patch: {} };
    expect((await refused({ updates: Array.from({ length: 5000 }, () => several) })).issues).toHaveLength(100);
  });

  test('too many invalid rows, without validating them', async () => {
    const { issues } = await refused({ updates: Array.from({ length: 100_000 }, () => 0) });
    expect(issues).toEqual([{ path: ['updates'], message: 'must have at most 5000 items' }]);
  });

  test('thousands of different fields, without parsing them', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 40_000 }, (_each, index) => [`canary${index}`, 0]));
    const issues = [{ path: [], message: 'must not have unknown fields' }];
    expect((await refused({ updates: [{ ...short, ...unknown }] })).issues).toEqual(issues);
    const different = Array.from({ length: 5000 }, (_each, row) =>
      Object.fromEntries(Array.from({ length: 5 }, (_field, index) => [`canary${row}-${index}`, 0])),
    );
    expect((await refused({ updates: different })).issues).toEqual(issues);
  });

  test('many unknown fields, without naming one', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 40 }, (_each, index) => [`canary${index}`, 0]));
    const message = 'must not have unknown fields';
    const updates = [{ ...short, ...unknown }];
    expect((await refused({ updates })).issues).toEqual([{ path: ['updates', 0], message }]);
    expect((await refused({ updates: rows, ...unknown })).issues).toEqual([{ path: [], message }]);
    const patched = [{ ...short, patch: unknown }];
    expect((await refused({ updates: patched })).issues).toEqual([{ path: ['updates', 0, 'patch'], message }]);
  });

  test('a body of more than 4 MiB', () =>
    expectRefused(send('scriptUserState.updateMany', { updates: [short] }, 4096 * kib + 1), 413));

  test.each([
    ['objects', '{}'],
    ['lists', '[]'],
    ['numbers', '0'],
  ])('a body of more %s than 5,000 updates can have', (_, value) => {
    const body = `{"0":{"updates":[${Array(150_000).fill(value).join()}]}}`;
    return expectRefused(sendText('scriptUserState.updateMany', body), 413);
  });

  test('a body of more than 64 KiB for any other procedure, streamed or not', async () => {
    await expectRefused(send('scriptUserState.update', short, 64 * kib + 1), 413);
    await expectRefused(send('scriptUserState.update', short, 64 * kib + 1).unset('trpc-accept'), 413);
  });

  test.each([
    ['httpLink', httpLink],
    ['httpBatchLink', httpBatchLink],
  ] as const)('a call whose client does not accept a stream: %s', async (_, link) => {
    const url = `${pair.service.address}/trpc`;
    const client = createTRPCClient<AppRouter>({ links: [link({ url, headers: { 'x-csrf': '1' } })] });
    const { reason, code, issues } = await failure(client.scriptUserState.updateMany.mutate({ updates: rows }));
    expect({ reason, code }).toEqual({ reason: 'INVALID_INPUT', code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(issues?.[0]?.message).toContain('httpBatchStreamLink');
  });

  test('a GET', async () => {
    const address = new URL('/trpc/scriptUserState.updateMany?batch=1', pair.service.address);
    address.searchParams.set('input', JSON.stringify({ 0: { updates: [short] } }));
    const response = await fetch(address, { headers: { 'x-csrf': '1', 'trpc-accept': 'application/jsonl' } });
    expect(await response.text()).toContain('METHOD_NOT_SUPPORTED');
  });

  test('a call of a reader', async () => {
    const person = { oid: 'reader-oid', name: 'Ravi Reader', roles: ['reader'] } as const;
    const app = await startTestApp({
      authenticate: async () => ({ user: person, expiresAt: null }),
      graphUrl: pair.simulator.baseUrl,
    });
    const call = createStreamClient(app).scriptUserState.updateMany.mutate({ updates: rows });
    expect(await failure(call)).toMatchObject({ reason: 'ROLE_MISSING', code: 'FORBIDDEN', httpStatus: 403 });
    // Without the role, the input is not validated.
    const wrong = createStreamClient(app).scriptUserState.updateMany.mutate({ updates: [] });
    expect(await failure(wrong)).toMatchObject({ reason: 'ROLE_MISSING' });
    await app.stop();
    expect(app.logged.filter((line) => line.includes('"log":"audit"') && line.includes('"action":"update"'))).toEqual(
      [],
    );
  });

  test('a call without a session', async () => {
    const app = await startTestApp({ authenticate: async () => null, graphUrl: pair.simulator.baseUrl });
    const call = createStreamClient(app).scriptUserState.updateMany.mutate({ updates: rows });
    expect(await failure(call)).toMatchObject({ reason: 'SIGN_IN_REQUIRED', code: 'UNAUTHORIZED' });
    await app.stop();
  });
});

test('updateMany accepts 3,000 updates with all fields, whose values look like JSON', async () => {
  const userPrincipalName = '"{[:,\\"]}';
  const values = { successDeviceCount: 1, errorDeviceCount: 1, userPrincipalName };
  const full = { ...short, patch: values, expected: values, approval: { code: 'c' } };
  // The last one is invalid, so that none is sent.
  const updates = [...Array.from({ length: 2999 }, () => full), { ...full, userStateId: '' }];
  const { issues } = await refused({ updates });
  expect(issues?.map(({ path }) => path)).toEqual([['updates', 2999, 'userStateId']]);
});

test('updateMany accepts a body of 4 MiB', async () => {
  const response = await fetch(`${pair.service.address}/trpc/scriptUserState.updateMany?batch=1`, {
    method: 'POST',
    headers: { 'x-csrf': '1', 'content-type': 'application/json', 'trpc-accept': 'application/jsonl' },
    body: JSON.stringify({ 0: { updates: rows } }).padEnd(4096 * kib, ' '),
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('"done":3,"total":3');
});
