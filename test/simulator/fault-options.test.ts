import { expect, test } from 'vitest';
import { entity, graphError, list, patch, pollOptions, useSimulatedGraph } from '../support/simulated-graph.js';

// Vitest types its matchers as any.
const acceptable: unknown = expect.stringContaining('acceptable');

const simulated = useSimulatedGraph();
const { graph, control, write, entries } = simulated;

const withFault = (fault: string) => ({ headers: { 'x-simulator-fault': fault } });
const storedCount = async () => entity.parse((await graph(simulated.statePath)).json)['successDeviceCount'];

test.each([
  ['service-timeout', 503],
  ['proxy-page', 403],
  ['throttled', 429],
  ['accepted-unapplied', 202],
])('%s with applied=yes applies the write', async (fault, status) => {
  expect((await write({ 'x-simulator-fault': `${fault};applied=yes` })).status).toBe(status);
  expect(await storedCount()).toBe(77);
});

test('a write can be applied after its response', async () => {
  const later = { 'x-simulator-fault': 'service-timeout;applied=later;delayMs=600000' };
  expect((await write(later)).status).toBe(503);
  expect(await entries()).toMatchObject([{ status: 503, applied: false }]);
  expect(await storedCount()).not.toBe(77);
  await control('DELETE', '/journal');
  expect((await write({ 'x-simulator-fault': 'service-timeout;applied=later;delayMs=1' })).status).toBe(503);
  await expect.poll(storedCount, pollOptions).toBe(77);
  expect((await entries())[0]).toMatchObject({ status: 503, applied: true });
});

test('applied=no does not apply a write whose response is successful', async () => {
  const before = await storedCount();
  expect((await write({ 'x-simulator-fault': 'no-content;applied=no' })).status).toBe(204);
  expect(await storedCount()).toBe(before);
});

test.each([
  [200, {}],
  [302, { location: 'https://portal.example/sign-in' }],
  [403, {}],
  [404, {}],
])('proxy-page with the status %i has none of the headers of Graph', async (status, headers) => {
  const reply = await write({ 'x-simulator-fault': `proxy-page;status=${status}` });
  expect(reply.status).toBe(status);
  expect(Object.fromEntries(reply.headers)).toMatchObject(headers);
  for (const name of ['request-id', 'client-request-id', 'odata-version', 'x-ms-ags-diagnostic']) {
    expect(reply.headers.get(name)).toBeNull();
  }
});

test('a rule has a response of its own', async () => {
  const response = {
    headers: { 'content-type': 'application/json' },
    body: { error: 'none of Graph' },
    isForeign: true,
  };
  await control('POST', '/faults', { fault: 'custom', method: 'PATCH', status: 418, response });
  const foreign = await write();
  expect([foreign.status, foreign.json, foreign.headers.get('request-id')]).toEqual([418, response.body, null]);
  await control('POST', '/faults', { fault: 'custom', applied: 'yes', response: { body: 'text' } });
  const text = await write();
  expect([text.status, text.text, text.headers.has('request-id')]).toEqual([200, 'text', true]);
  expect(await storedCount()).toBe(77);
});

test('an error response has its text where the option says', async () => {
  const inner = await write({ 'x-simulator-fault': 'rejected;errorForm=inner-error' });
  expect(inner.json).toMatchObject({
    error: { message: '', innererror: { message: acceptable } },
  });
  const value = await write({ 'x-simulator-fault': 'rejected;errorForm=message-value' });
  expect(value.json).toMatchObject({ error: { message: { lang: 'en-us', value: acceptable } } });
  expect(graphError.safeParse((await write({ 'x-simulator-fault': 'rejected' })).json).success).toBe(true);
});

test('an error has the status and the delay that the options say', async () => {
  expect((await write({ 'x-simulator-fault': 'approval-required;status=403' })).status).toBe(403);
  expect((await write({ 'x-simulator-fault': 'gateway-timeout;status=408' })).status).toBe(408);
  const bare = await write({ 'x-simulator-fault': 'service-timeout' });
  expect(bare.headers.get('retry-after')).toBeNull();
  const delayed = await write({ 'x-simulator-fault': 'service-timeout;retryAfter=seconds;delayMs=2000' });
  expect([delayed.status, delayed.headers.get('retry-after')]).toEqual([503, '2']);
});

test('a name is stored in lower case', async () => {
  const call = { method: 'PATCH', body: { userPrincipalName: 'Ada@Contoso.example' }, ...withFault('lower-case-name') };
  expect((await graph(simulated.statePath, call)).json).toMatchObject({ userPrincipalName: 'ada@contoso.example' });
  expect((await graph(simulated.statePath)).json).toMatchObject({ userPrincipalName: 'ada@contoso.example' });
});

test('an ignored deletion is a 204', async () => {
  expect((await graph(simulated.statePath, { method: 'DELETE', ...withFault('ignored') })).status).toBe(204);
  expect((await graph(simulated.statePath)).status).toBe(200);
});

test('the first entry of a list is unreadable, without counts or repeated', async () => {
  const read = async (fault: string) =>
    (await graph(simulated.statesPath, withFault(fault))).json as { value: readonly Record<string, unknown>[] };
  expect((await read('unreadable-entry')).value[0]).toMatchObject({ id: null });
  expect((await read('null-counts')).value[0]).toMatchObject({ successDeviceCount: null, errorDeviceCount: null });
  const { value } = await read('repeated-entry');
  expect([value.length, value[0]]).toEqual([51, value[1]]);
  const upper = list.parse(await read('upper-case-id')).value;
  expect(upper.every(({ id }) => id === id.toUpperCase())).toBe(true);
});

test('the path of a rule can match the query', async () => {
  await control('POST', '/faults', { fault: 'rejected', path: '$top=', times: 'always' });
  expect((await graph(`${simulated.statesPath}?$top=5`)).status).toBe(400);
  expect((await graph(simulated.statesPath)).status).toBe(200);
});

test('a redirect leads to the same path', async () => {
  await control('POST', '/faults', { fault: 'redirect', method: 'GET' });
  const redirected = await graph(simulated.statePath);
  expect(redirected.status).toBe(302);
  const { json } = await graph(redirected.headers.get('location') ?? '');
  expect(json).toMatchObject({ '@odata.type': patch['@odata.type'] });
});
