import { expect, test } from 'vitest';
import { createThrottle } from '../../src/simulator/graph/throttle.js';
import { createRandom } from '../../src/simulator/random.js';
import { defaultSettings, type SimulatorSettings } from '../../src/simulator/settings.js';
import { graphError, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, write, entries, start } = simulated;

test('writes over the limit get a 429, reads do not', async () => {
  await control('PATCH', '/settings', { writesPer20s: 2 });
  expect([(await write()).status, (await write()).status]).toEqual([200, 200]);
  const throttled = await write();
  expect([throttled.status, graphError.parse(throttled.json).error.code]).toEqual([429, 'TooManyRequests']);
  expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await graph(simulated.statePath)).status).toBe(200);
  expect((await entries()).map(({ applied }) => applied)).toEqual([true, true, false, false]);
});

test('requests of any kind have their own limit', async () => {
  const { url, baseUrl, credential } = await start({ requestsPer20s: 1 });
  const own = (await credential.getToken('scope'))?.token ?? '';
  expect(url).not.toBe(simulated.simulator.url);
  const path = `${baseUrl}/deviceManagement/deviceShellScripts`;
  expect((await graph(path, { token: own })).status).toBe(200);
  expect((await graph(path, { token: own })).status).toBe(429);
});

test('the window slides over 20 s and counts rejected requests', () => {
  let now = 0;
  const throttle = createThrottle({ ...defaultSettings, writesPer20s: 2 }, () => now);
  const retryAfterAt = (time: number) => {
    now = time;
    const request = {
      origin: '',
      method: 'PATCH',
      path: '/',
      headers: {},
      body: '',
      requestId: '',
      clientRequestId: '',
    };
    return throttle.check({ ...request, batchItem: null })?.headers['Retry-After'];
  };
  expect(retryAfterAt(0)).toBeUndefined();
  expect(retryAfterAt(10_000)).toBeUndefined();
  expect(retryAfterAt(19_000)).toBe('11');
  expect(retryAfterAt(29_500)).toBe('10');
  expect(retryAfterAt(39_000)).toBeUndefined();
});

test('gives the same results as a count of all requests', () => {
  let now = 0;
  const settings: SimulatorSettings = { ...defaultSettings };
  const throttle = createThrottle(settings, () => now);
  const random = createRandom(7);
  const arrivals: { readonly time: number; readonly read: boolean }[] = [];
  const expectedWait = (read: boolean) => {
    const waits = [
      { limit: settings.requestsPer20s, earlier: arrivals },
      { limit: settings.writesPer20s, earlier: read ? [] : arrivals.filter((each) => !each.read) },
    ].map(({ limit, earlier }) => {
      const recent = earlier.filter(({ time }) => time > now - 20_000);
      return recent.length <= limit ? 0 : (recent.at(-limit)?.time ?? 0) + 20_000 - now;
    });
    const wait = Math.max(...waits);
    return wait <= 0 ? undefined : String(Math.ceil(wait / 1000));
  };
  for (let index = 0; index < 3000; index += 1) {
    now += random.below(100) === 0 ? random.below(30_000) : random.below(300);
    if (index % 100 === 0) Object.assign(settings, { writesPer20s: 1 + random.below(100) });
    if (index % 100 === 0) Object.assign(settings, { requestsPer20s: 50 + random.below(100) });
    const read = random.below(3) === 0;
    arrivals.push({ time: now, read });
    const request = { origin: '', method: read ? 'GET' : 'PATCH', path: '/', headers: {}, body: '' };
    const response = throttle.check({ ...request, requestId: '', clientRequestId: '', batchItem: null });
    expect(response?.headers['Retry-After']).toBe(expectedWait(read));
  }
});
