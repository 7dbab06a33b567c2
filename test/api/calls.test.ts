import request, { type Test } from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectRefused, sendRaw } from '../support/expect-refused.js';
import { usePair } from '../support/pair.js';
import { useKnownState } from '../support/states.js';

const pair = usePair();
const known = useKnownState(pair);
let port: string;

beforeAll(() => {
  port = pair.service.url.port;
});

/** The input of a query whose result does not change. */
const knownInput = () => JSON.stringify(known.target);

const post = (path: string, body = '{}'): Test =>
  request(pair.service.address).post(path).set('x-csrf', '1').set('content-type', 'application/json').send(body);

const get = (path: string): Test => request(pair.service.address).get(path).set('x-csrf', '1');

describe('procedure paths', () => {
  test.each([
    ['/trpc', 404],
    ['/trpc/', 404],
    ['/trpc/nothing', 404],
    ['/trpc/scriptUserState', 404],
    ['/TRPC/session.current', 404],
    ['/trpc/Session.Current', 404],
    ['/trpc/session.current/', 404],
    ['//trpc/session.current', 404],
    ['/trpc/x/session.current', 404],
    ['/trpc/x/../session.current', 404],
    ['/trpc/x%2Fsession.current', 404],
    ['/trpc/%73ession.current', 404],
    ['/trpc/session.current,session.current', 404],
    ['/trpc/,?batch=1', 404],
    ['/trpc/__proto__', 404],
    ['/trpc/constructor', 404],
    ['/trpc/toString', 404],
    ['/trpc/session.__proto__', 404],
    ['/trpc/session.current%00', 404],
    ['/trpc/%E0%A4%A', 400],
    ['/%', 404],
    ['/nowhere', 404],
  ])('%s responds with %i', async (path, status) => {
    const lines = ['host: localhost', 'connection: close', 'x-csrf: 1', 'content-type: application/json'];
    await expectRefused(sendRaw(port, [`GET ${path} HTTP/1.1`, ...lines]), status);
    await expectRefused(sendRaw(port, [`POST ${path} HTTP/1.1`, ...lines, 'content-length: 2'], '{}'), status);
  });

  test.each([
    ['connectionParams', '/trpc/session.current?connectionParams=%7B%7D'],
    ['an unknown parameter', '/trpc/session.current?x=1'],
    ['two inputs', '/trpc/session.current?input=1&input=2'],
    ['two batch parameters', '/trpc/session.current?batch=1&batch=1'],
    ['another value of batch', '/trpc/session.current?batch=true'],
  ])('reject %s', (_, path) => expectRefused(get(path), 400));

  test('reject an input in the query string of a POST', () =>
    expectRefused(post(`/trpc/scriptUserState.get?input=${encodeURIComponent(knownInput())}`, knownInput()), 400));

  test.each(['put', 'patch', 'delete', 'options'] as const)('reject the method %s', async (method) => {
    const sent = request(pair.service.address)[method]('/trpc/session.current').set('x-csrf', '1');
    await expectRefused(sent, 405);
    expect((await sent).headers['allow']).toBe('GET, POST');
  });

  test('mutations reject GET', () => expectRefused(get('/trpc/scriptUserState.update?input=%7B%7D'), 405));

  test('queries accept GET and POST', async () => {
    const posted = await post('/trpc/scriptUserState.get', knownInput()).expect(200);
    const got = await get(`/trpc/scriptUserState.get?input=${encodeURIComponent(knownInput())}`).expect(200);
    expect(posted.body).toEqual(got.body);
  });
});

const batch = (paths: readonly string[]) => post(`/trpc/${paths.join(',')}?batch=1`);

describe('batches', () => {
  test('accept 20 calls and reject 21', async () => {
    await batch(Array<string>(20).fill('session.current')).expect(200);
    await expectRefused(batch(Array<string>(21).fill('session.current')), 400);
  });

  test('reject a mix of queries and mutations, encoded or not', async () => {
    await expectRefused(batch(['session.current', 'scriptUserState.delete']), 400);
    await expectRefused(batch(['session.current', 'x%2CscriptUserState.delete']), 400);
  });

  test('count encoded calls too', () =>
    expectRefused(batch(['session.current', Array<string>(20).fill('session.current').join('%2C')]), 400));

  test('require exact paths, as single calls do', () =>
    expectRefused(batch(['session.current', '%73ession.current']), 400));

  test('report an unknown procedure for its call alone', async () => {
    const answer = await batch(['session.current', 'nothing', 'session.current']);
    const [first, second, third] = z.array(z.unknown()).length(3).parse(answer.body);
    expect(answer.status).toBe(207);
    expect(first).toHaveProperty('result.data');
    expect(third).toEqual(first);
    await expectRefused(Promise.resolve({ status: 404, headers: answer.headers, body: second }), 404);
  });

  test.each(['application/json', 'application/jsonl'])('do not repeat an unknown procedure in %s', async (type) => {
    const canary = `canary${'x'.repeat(10_000)}`;
    const address = new URL(`/trpc/scriptUserState.get,${canary}?batch=1`, pair.service.address);
    const headers = { 'x-csrf': '1', 'content-type': 'application/json', 'trpc-accept': type };
    const text = await (await fetch(address, { method: 'POST', headers, body: '{}' })).text();
    expect(text).toContain('"code":"NOT_FOUND"');
    expect(text).toContain('"path":"scriptUserState.get"');
    expect(text).not.toContain('canary');
  });
});
