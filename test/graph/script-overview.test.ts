import { beforeEach, describe, expect, test } from 'vitest';
import type { RouterOutputs } from '../../src/contract.js';
import { scriptKinds } from '../../src/graph/ids.js';
import { failure } from '../support/failure.js';
import { type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { batches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { liveSettings, useService } from '../support/service.js';

const scriptKind = 'deviceShellScript';
type Overview = RouterOutputs['script']['overview'];

describe('of the simulated tenant', () => {
  // Each test has its own, since the service remembers whether Graph accepts `$top`.
  const pair = usePair({ GRAPH_DEADLINE_MS: '20000' }, {}, 'test');
  const overview = (kind: (typeof scriptKinds)[number], cursor?: string) =>
    pair.service.client.script.overview.query({ scriptKind: kind, cursor });

  test.each(scriptKinds)('each script has the summary of its runs: %s', async (kind) => {
    const { items } = await overview(kind);
    const scripts = await pair.service.client.script.list.query({ scriptKind: kind });
    expect(items).toMatchObject(scripts.items);
    const [some] = items;
    const states = await pair.service.client.scriptUserState.list.query({
      scriptKind: kind,
      scriptId: some?.id ?? '',
    });
    expect(some?.summary).toMatchObject({
      errorUserCount: states.items.filter(({ errorDeviceCount }) => errorDeviceCount > 0).length,
    });
    expect(items.every(({ summary }) => summary !== null)).toBe(true);
  });

  test('the summaries of a page are requested in batches of 20', async () => {
    const { items } = await overview(scriptKind);
    expect(items).toHaveLength(100);
    const sent = await batches(pair.simulator);
    expect(sent.map(({ length }) => length)).toEqual([20, 20, 20, 20, 20]);
    expect(sent.flat().map(({ path }) => path)).toEqual(
      items.map(({ id }) => `/beta/deviceManagement/deviceShellScripts/${id}/runSummary`),
    );
    expect(await pair.simulator.journal()).toHaveLength(1 + 5 + 100);
  });

  test('its pages are those of the list', async () => {
    await pair.simulator.settings({ acceptTop: false });
    const { nextCursor, ...first } = await overview(scriptKind);
    const second = await overview(scriptKind, nextCursor);
    expect([first.items.length, second.items.length]).toEqual([50, 50]);
    expect(second).not.toHaveProperty('nextCursor');
  });

  test('it stops when its caller disconnects', async () => {
    await pair.simulator.fault({ fault: 'throttled', path: 'runSummary', times: 'always', delayMs: 10_000 });
    const warnings: Error[] = [];
    const warn = (warning: Error) => void warnings.push(warning);
    process.on('warning', warn);
    const caller = new AbortController();
    const call = pair.service.client.script.overview.query({ scriptKind }, { signal: caller.signal });
    const aborted = expect(call).rejects.toThrow();
    await expect.poll(async () => (await pair.simulator.journal()).length).toBe(1 + 5 + 100);
    caller.abort();
    await aborted;
    await expect.poll(() => pair.service.lines({ reason: 'CLIENT_CLOSED' })).toHaveLength(1);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    expect(await pair.simulator.journal()).toHaveLength(1 + 5 + 100);
  });
});

describe('of another Graph', () => {
  const graph = useGraphServer();
  const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '8000' }));
  beforeEach(() => graph.reset());

  const counts = { successDeviceCount: 4, errorDeviceCount: 3, successUserCount: 2, errorUserCount: 1 };
  const summary: GraphServerResponse = { status: 200, body: { id: 'summary', ...counts } };
  const error = (status: number, code: string, message = 'no'): GraphServerResponse => ({
    status,
    body: { error: { code, message } },
  });

  /** The overview of these scripts. Their summaries get a response each, or the summary above. */
  function overviewOf(
    ids: readonly string[],
    responses: Readonly<Record<string, GraphServerResponse>> = {},
  ): Promise<Overview> {
    graph.respond(({ path }) => {
      const [, id] = /\/([^/]+)\/runSummary$/.exec(path) ?? [];
      if (id !== undefined) return responses[decodeURIComponent(id)] ?? summary;
      return { status: 200, body: { value: ids.map((each) => ({ id: each })) } };
    });
    return service.client.script.overview.query({ scriptKind });
  }
  const summaries = async (overview: Promise<Overview>) =>
    Object.fromEntries((await overview).items.map(({ id, summary: own }) => [id, own]));

  test('a summary has four counts', async () => {
    expect(await summaries(overviewOf(['a', 'b']))).toEqual({ a: counts, b: counts });
  });

  test.each<[string, GraphServerResponse]>([
    ['404', error(404, 'ResourceNotFound')],
    ['400', error(400, 'BadRequest')],
    ['400 for an unknown route', error(400, 'BadRequest', 'No method match route template')],
    ['403', error(403, 'Forbidden')],
    ['401 for a missing role', error(401, 'UnknownError', JSON.stringify({ ErrorCode: 'Forbidden' }))],
    ['409', error(409, 'Conflict')],
    ['500 again and again', error(500, 'InternalServerError')],
    ['504 again and again', error(504, 'GatewayTimeout')],
    ['an empty response', { status: 204 }],
    ['null counts', { status: 200, body: { ...counts, errorUserCount: null } }],
    ['no object', { status: 200, body: 'null' }],
  ])('is null for a script whose summary is %s', async (_, response) => {
    const ids = ['a', 'b', 'c'];
    expect(await summaries(overviewOf(ids, { b: response }))).toEqual({ a: counts, b: null, c: counts });
  });

  test.each<[string, number, GraphServerResponse]>([
    ['404', 1, error(404, 'ResourceNotFound')],
    ['404', 2, error(404, 'ResourceNotFound')],
    ['403', 2, error(403, 'Forbidden')],
    ['route that does not exist', 2, error(400, 'BadRequest', 'No method match route template')],
    ['500', 1, error(500, 'InternalServerError')],
  ])('is null for each of several: %s for %i', async (_, count, response) => {
    const ids = ['a', 'b'].slice(0, count);
    const responses = Object.fromEntries(ids.map((id) => [id, response]));
    expect(await summaries(overviewOf(ids, responses))).toEqual(Object.fromEntries(ids.map((id) => [id, null])));
  });

  test('is null for an id that cannot be sent', async () => {
    expect(await summaries(overviewOf(['a', '../b', '..']))).toEqual({ a: counts, '../b': null, '..': null });
    expect(graph.received.map(({ path }) => path)).toHaveLength(2);
  });

  test('Graph that fails for all scripts fails the call', async () => {
    const failing = error(500, 'InternalServerError');
    expect(await failure(overviewOf(['a', 'b'], { a: failing, b: failing }))).toMatchObject({
      reason: 'GRAPH_UNAVAILABLE',
    });
  });

  const page = '<html>Sign in to the network</html>';
  test.each<[string, GraphServerResponse, string]>([
    ['a 404 that is not Graph’s', { status: 404, body: page }, 'GRAPH_PROTOCOL'],
    ['a 403 that is not Graph’s', { status: 403, body: page }, 'GRAPH_PROTOCOL'],
    ['a 200 that is not Graph’s', { status: 200, body: page }, 'GRAPH_PROTOCOL'],
    ['an expired token', error(401, 'InvalidAuthenticationToken'), 'CREDENTIAL_UNAVAILABLE'],
    ['a 429', { ...error(429, 'TooManyRequests'), headers: { 'retry-after': '60' } }, 'THROTTLED'],
  ])('%s fails the call', async (_, response, reason) => {
    // A single request is sent by itself, so that the response has no ids of a batch.
    expect(await failure(overviewOf(['a'], { a: response }))).toMatchObject({ reason });
  });
});
