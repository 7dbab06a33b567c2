import supertest from 'supertest';
import { beforeEach, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { type GraphServerRequest, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { canaryToken, liveSettings, useService } from '../support/service.js';

// Responses that the simulator does not give: those of another server, or of one that an attacker controls.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const target = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'state' } as const;
const get = () => service.client.scriptUserState.get.query(target);
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 1 } });
const error = (status: number, code: string, message: string): GraphServerResponse => ({
  status,
  body: { error: { code, message, innerError: {} } },
});

test.each<[string, (request: GraphServerRequest) => GraphServerResponse]>([
  ['its code', ({ headers }) => error(400, headers.authorization ?? '', 'no')],
  ['its bare code', () => error(400, canaryToken, 'no')],
  ['its message', ({ headers }) => error(400, 'x', `not ${headers.authorization}`)],
  ['the request id', () => ({ ...error(400, 'x', 'no'), headers: { 'request-id': canaryToken } })],
  ['the approval code', () => ({ status: 412, headers: { 'x-msft-approval-code': canaryToken } })],
  ['a challenge', () => ({ status: 401, headers: { 'www-authenticate': `Bearer claims="${canaryToken}"` } })],
  ['a success', () => ({ status: 200, body: { id: canaryToken, successDeviceCount: 0, errorDeviceCount: 1 } })],
])('a token that Graph repeats in %s is not passed on', async (_, repeat) => {
  graph.respond(repeat);
  const response = await supertest(service.address)
    .post('/trpc/scriptUserState.update')
    .set('x-csrf', '1')
    .send({ ...target, patch: { errorDeviceCount: 1 } });
  expect(response.text).not.toContain(canaryToken);
  expect(JSON.stringify(response.headers)).not.toContain(canaryToken);
  expect(service.logged.join('')).not.toContain(canaryToken);
});

test.each([
  ['a name as its code', error(400, 'jane@contoso.example', 'no')],
  ['a name in its message', error(400, 'BadRequest', 'jane@contoso.example is unknown')],
])('%s reaches neither the log nor the response', async (_, response) => {
  graph.respond(() => response);
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
  graph.respond(() => error(403, 'Forbidden', text));
  const { reason, message, missingPermissions } = await failure(get());
  expect(reason).toBe('GRAPH_PERMISSION_MISSING');
  expect(message.length).toBeLessThan(600);
  expect(JSON.stringify(missingPermissions ?? []).length).toBeLessThan(3000);
});

test('the message of Graph is passed on without internal addresses', async () => {
  const text =
    'The value is too large at fef.msub02.manage.example:8443 and 10.2.3.4 - Operation ID: 1 - Url: https://fef.x';
  graph.respond(() => error(400, 'BadRequest', text));
  expect((await failure(update())).message).toMatch(/Graph's message: The value is too large at … and …$/);
});

test.each(['FEF.MSUB02.MANAGE', '(fef01.internal)', String.raw`\\fef01\share`, String.raw`C:\build\x.cs`])(
  'the message of Graph is passed on without %s',
  async (name) => {
    graph.respond(() => error(400, 'BadRequest', `Failed at ${name} for A.Read.All`));
    expect((await failure(update())).message).toMatch(/Graph's message: Failed at … for A\.Read\.All$/);
  },
);

test('a Retry-After of 0 does not cause a burst of attempts', async () => {
  graph.respond(() => ({ status: 429, headers: { 'retry-after': '0' } }));
  const { reason, retryAfterMs } = await failure(get());
  expect(reason).toBe('THROTTLED');
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(graph.received.length).toBeLessThan(10);
});

test.each([
  ['relative', '/beta/next'],
  ['of another port', 'http://127.0.0.1:1/beta/next'],
  ['of another scheme', 'https://127.0.0.1/beta/next'],
  ['with another host after user information', 'http://127.0.0.1@graph.example/beta/next'],
  ['that is not a URL', 'next'],
  ['that is too long', `http://127.0.0.1/${'x'.repeat(20_000)}`],
])('a next link %s is rejected', async (_, link) => {
  graph.respond(() => ({ status: 200, body: { value: [], '@odata.nextLink': link } }));
  const { scriptKind, scriptId } = target;
  const call = service.client.scriptUserState.list.query({ scriptKind, scriptId });
  expect(await failure(call)).toMatchObject({ reason: 'GRAPH_PROTOCOL' });
});

/** Lists all pages; the link of each leads to the page that `next` says, if there is one. */
async function pagesOfList(next: (page: number) => number | undefined, maxPages: number): Promise<readonly string[]> {
  graph.respond(({ path }) => {
    const { origin, pathname, searchParams } = new URL(path, graph.baseUrl);
    const page = Number(searchParams.get('page') ?? '0');
    const following = next(page);
    const state = { id: String(page), successDeviceCount: 0, errorDeviceCount: 0, userPrincipalName: null };
    const link = following !== undefined && { '@odata.nextLink': `${origin}${pathname}?page=${following}` };
    return { status: 200, body: { value: [state], ...link } };
  });
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
