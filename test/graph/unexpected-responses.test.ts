import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import supertest from 'supertest';
import { beforeEach, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { useFixture } from '../support/fixture.js';
import { canaryToken, liveSettings, useService } from '../support/service.js';

// Responses that the simulator does not give: those of another server, or of one that an attacker controls.

let respond: (request: IncomingMessage, response: ServerResponse) => void;
const graph = useFixture(
  async () => {
    const server = createServer((request, response) => respond(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/beta` };
  },
  ({ server }) => {
    server.closeAllConnections();
    server.close();
  },
);
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => {
  respond = (_request, response) => response.writeHead(500).end();
});

const target = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'state' } as const;
const get = () => service.client.scriptUserState.get.query(target);
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 1 } });
const error = (code: string, message: string) => JSON.stringify({ error: { code, message, innerError: {} } });

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['its code', (request, response) => response.writeHead(400).end(error(request.headers.authorization ?? '', 'no'))],
  ['its bare code', (_, response) => response.writeHead(400).end(error(canaryToken, 'no'))],
  [
    'its message',
    (request, response) => response.writeHead(400).end(error('x', `not ${request.headers.authorization}`)),
  ],
  ['the request id', (_, response) => response.writeHead(400, { 'request-id': canaryToken }).end(error('x', 'no'))],
  ['the approval code', (_, response) => response.writeHead(412, { 'x-msft-approval-code': canaryToken }).end()],
  [
    'a challenge',
    (_, response) => response.writeHead(401, { 'www-authenticate': `Bearer claims="${canaryToken}"` }).end(),
  ],
  [
    'a success',
    (_, response) => response.end(JSON.stringify({ id: canaryToken, successDeviceCount: 0, errorDeviceCount: 1 })),
  ],
])('a token that Graph repeats in %s is not passed on', async (_, repeat) => {
  respond = repeat;
  const response = await supertest(service.address)
    .post('/trpc/scriptUserState.update')
    .set('x-csrf', '1')
    .send({ ...target, patch: { errorDeviceCount: 1 } });
  expect(response.text).not.toContain(canaryToken);
  expect(JSON.stringify(response.headers)).not.toContain(canaryToken);
  expect(service.logged.join('')).not.toContain(canaryToken);
});

test.each([
  ['a name as its code', error('jane@contoso.example', 'no')],
  ['a name in its message', error('BadRequest', 'jane@contoso.example is unknown')],
])('%s reaches neither the log nor the response', async (_, body) => {
  respond = (_request, response) => response.writeHead(400).end(body);
  const { message } = await failure(update());
  expect(message).not.toContain('jane');
  expect(service.logged.join('')).not.toContain('jane');
});

test.each([
  ['one endless word', 'a'.repeat(2_000_000)],
  ['spaces', ' '.repeat(2_000_000)],
  ['addresses', 'a@'.repeat(1_000_000)],
  ['scopes', `scopes: ${'a.b'.repeat(500_000)}`],
  ['nested objects', '{"message":'.repeat(200_000)],
])('a message of %s is truncated before it is searched', async (_, text) => {
  respond = (_request, response) => response.writeHead(403).end(error('Forbidden', text));
  const { reason, message, missingPermissions } = await failure(get());
  expect(reason).toBe('GRAPH_PERMISSION_MISSING');
  expect(message.length).toBeLessThan(600);
  expect(JSON.stringify(missingPermissions ?? []).length).toBeLessThan(3000);
});

test('the message of Graph is passed on without internal addresses', async () => {
  const text =
    'The value is too large at fef.msub02.manage.example:8443 and 10.2.3.4 - Operation ID: 1 - Url: https://fef.x';
  respond = (_request, response) => response.writeHead(400).end(error('BadRequest', text));
  expect((await failure(update())).message).toMatch(/Graph's message: The value is too large at … and …$/);
});

test.each(['FEF.MSUB02.MANAGE', '(fef01.internal)', String.raw`\\fef01\share`, String.raw`C:\build\x.cs`])(
  'the message of Graph is passed on without %s',
  async (name) => {
    respond = (_request, response) =>
      response.writeHead(400).end(error('BadRequest', `Failed at ${name} for A.Read.All`));
    expect((await failure(update())).message).toMatch(/Graph's message: Failed at … for A\.Read\.All$/);
  },
);

test('a 202 that repeats the new values is no proof: the state is read', async () => {
  const methods: string[] = [];
  respond = ({ method = '' }, response) => {
    methods.push(method);
    const errorDeviceCount = method === 'PATCH' ? 1 : 0;
    response.statusCode = method === 'PATCH' ? 202 : 200;
    response.end(JSON.stringify({ id: 'state', successDeviceCount: 0, errorDeviceCount }));
  };
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  expect(methods.slice(0, 2)).toEqual(['PATCH', 'GET']);
});

test('a 202 with an approval code waits for approval, and is not sent again', async () => {
  let patches = 0;
  respond = (_request, response) => {
    patches++;
    response.writeHead(202, { 'x-msft-approval-code': '6dc2cd1e-5d4a-4a3f-9d43-0d9ad8d8a3b1' }).end();
  };
  expect(await failure(update())).toMatchObject({
    reason: 'APPROVAL_PENDING',
    approvalCode: '6dc2cd1e-5d4a-4a3f-9d43-0d9ad8d8a3b1',
  });
  expect(patches).toBe(1);
});

test('a Retry-After of 0 does not cause a burst of attempts', async () => {
  let attempts = 0;
  respond = (_request, response) => {
    attempts++;
    response.writeHead(429, { 'retry-after': '0' }).end();
  };
  const { reason, retryAfterMs } = await failure(get());
  expect(reason).toBe('THROTTLED');
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(attempts).toBeLessThan(10);
});

test.each([
  ['relative', '/beta/next'],
  ['of another port', 'http://127.0.0.1:1/beta/next'],
  ['of another scheme', 'https://127.0.0.1/beta/next'],
  ['with another host after user information', 'http://127.0.0.1@graph.example/beta/next'],
  ['that is not a URL', 'next'],
  ['that is too long', `http://127.0.0.1/${'x'.repeat(20_000)}`],
])('a next link %s is rejected', async (_, link) => {
  respond = (_request, response) => response.end(JSON.stringify({ value: [], '@odata.nextLink': link }));
  const { scriptKind, scriptId } = target;
  const call = service.client.scriptUserState.list.query({ scriptKind, scriptId });
  expect(await failure(call)).toMatchObject({ reason: 'GRAPH_PROTOCOL' });
});

/** Lists all pages; the link of each leads to the page that `next` says, if there is one. */
async function pagesOfList(next: (page: number) => number | undefined, maxPages: number): Promise<readonly string[]> {
  respond = (request, response) => {
    const { origin, pathname, searchParams } = new URL(request.url ?? '', `http://${request.headers.host}`);
    const page = Number(searchParams.get('page') ?? '0');
    const following = next(page);
    const state = { id: String(page), successDeviceCount: 0, errorDeviceCount: 0, userPrincipalName: null };
    const link = following !== undefined && { '@odata.nextLink': `${origin}${pathname}?page=${following}` };
    response.end(JSON.stringify({ value: [state], ...link }));
  };
  const { scriptKind, scriptId } = target;
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await service.client.scriptUserState.list.query({ scriptKind, scriptId, ...(cursor && { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined && ids.length < maxPages);
  return ids;
}

test('a list of any number of pages is complete', async () => {
  const ids = await pagesOfList((page) => (page < 1_499 ? page + 1 : undefined), 2_000);
  expect(ids).toEqual(Array.from({ length: 1_500 }, (_, page) => String(page)));
});

test.each([
  ['the same page', 0, 1],
  ['the page before', 0, 2],
  ['the first of three', 0, 3],
  ['a later page', 5, 4],
  ['the first of forty', 0, 40],
  ['a page after a hundred', 100, 7],
])('a list whose link leads back to %s ends', async (_, start, length) => {
  const last = start + length - 1;
  const ids = await pagesOfList((page) => (page < last ? page + 1 : start), 2_000);
  // Brent's algorithm finds a cycle within three times the pages before it and in it.
  expect(ids.length).toBeLessThanOrEqual(3 * (start + length) + 2);
  expect(new Set(ids).size).toBe(last + 1);
  expect(service.lines({ level: 40 }).map(({ msg }) => msg)).toContain(
    'the next link of a list leads to an earlier page: the list ends there',
  );
});
