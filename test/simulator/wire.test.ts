import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Agent, fetch as undiciFetch } from 'undici';
import { expect, test } from 'vitest';
import { list, patch, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, start } = simulated;

// Vitest types its matchers as any.
const containing = (text: string): unknown => expect.stringContaining(text);

interface RawReply {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly bytes: Buffer;
}

/** Sends a GET request with exactly these headers and the token, and returns the bytes of the body. */
async function getRaw(path: string, headers: Readonly<Record<string, string>>) {
  return new Promise<RawReply>((resolve, reject) => {
    const authorization = `Bearer ${simulated.token}`;
    const url = `${simulated.simulator.baseUrl}${path}`;
    const request = httpRequest(url, { headers: { authorization, ...headers } }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode, headers: response.headers, bytes }),
        reject,
      );
    });
    request.on('error', reject).end();
  });
}

test.each(['gzip', 'deflate, gzip;q=0.5', '*'])('compresses the body for Accept-Encoding: %s', async (accepted) => {
  const { headers, bytes } = await getRaw(simulated.statePath, { 'accept-encoding': accepted });
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(bytes.length) });
  expect(JSON.parse(gunzipSync(bytes).toString())).toHaveProperty('successDeviceCount');
});

test.each([{}, { 'accept-encoding': 'identity' }, { 'accept-encoding': 'gzip;q=0' }])(
  'does not compress the body for %j',
  async (accepted) => {
    const { headers, bytes } = await getRaw(simulated.statePath, accepted);
    expect(headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(bytes.toString())).toHaveProperty('successDeviceCount');
  },
);

test('links and contexts start with the host that the client addressed', async () => {
  const { bytes } = await getRaw(simulated.statesPath, { host: 'graph.test:8443' });
  const page = list.parse(JSON.parse(bytes.toString()));
  expect(page['@odata.nextLink']).toMatch(/^http:\/\/graph\.test:8443\/beta\/deviceManagement\//);
  expect(page['@odata.context']).toMatch(/^http:\/\/graph\.test:8443\/beta\/\$metadata#deviceManagement\//);
});

// fetch rejects this status.
test('the page of a proxy with the status 407 requires authentication', async () => {
  const { status, headers } = await getRaw(simulated.statePath, { 'x-simulator-fault': 'proxy-page;status=407' });
  expect([status, headers['proxy-authenticate'], headers['request-id']]).toEqual([
    407,
    'Basic realm="proxy"',
    undefined,
  ]);
});

test('a response has the headers of OData', async () => {
  const { headers } = await graph(simulated.statePath);
  expect(headers.get('odata-version')).toBe('4.0');
  expect(headers.get('content-type')).toMatch(/^application\/json;odata\.metadata=minimal;/);
  expect((await graph('/nothing')).headers.get('content-type')).toBe('application/json');
});

test('serves https with the certificate that it reports', async () => {
  const { tls, url, credential } = await start({ tls: true });
  if (tls === undefined) throw new TypeError('the simulator has no TLS address');
  expect(await (await fetch(`${url}/simulator`)).json()).toMatchObject({
    tls: { url: tls.url, certificate: tls.certificate },
  });
  const { token = '' } = (await credential.getToken('scope')) ?? {};
  const headers = { authorization: `Bearer ${token}` };
  const path = '/deviceManagement/deviceShellScripts';
  const dispatcher = new Agent({ connect: { ca: tls.certificate } });
  try {
    const names = [tls.baseUrl, tls.baseUrl.replace('127.0.0.1', 'localhost')];
    for (const baseUrl of names) {
      const response = await undiciFetch(`${baseUrl}${path}`, { headers, dispatcher });
      expect(list.parse(await response.json())['@odata.nextLink']?.startsWith(`${baseUrl}${path}`)).toBe(true);
    }
    // Without the certificate, the connection fails.
    await expect(undiciFetch(`${tls.baseUrl}${path}`, { headers })).rejects.toThrow('fetch failed');
  } finally {
    await dispatcher.close();
  }
});

test('accepts a body compressed with gzip', async () => {
  const send = async (body: Buffer | string) => {
    const response = await fetch(`${simulated.simulator.baseUrl}${simulated.statePath}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${simulated.token}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body,
    });
    return { status: response.status, json: await response.json() };
  };
  expect(await send(gzipSync(JSON.stringify(patch)))).toMatchObject({ status: 200, json: patch });
  expect(await send('not gzip')).toMatchObject({
    status: 400,
    json: { error: { message: containing('Unable to read JSON request payload.') } },
  });
});
