import { describe, expect, test } from 'vitest';
import { authenticate } from '../support/compared-apps.js';
import { useFixture } from '../support/fixture.js';
import { openConnection } from '../support/raw-connection.js';
import { canaryToken, useService } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { startTestApp } from '../support/test-app.js';

const simulator = useSimulator(canaryToken);
const app = useFixture(
  () => startTestApp({ authenticate, graphUrl: simulator.baseUrl }),
  (started) => started.stop(),
);
const signIn = useService({ SIGN_IN: 'oidc' });

const canary = 'c4n4ry';
/** Canaries of up to 20 KB, since a long input must not cause a long response. */
const long = canary.repeat(3_000);
const many = Array.from({ length: 60 }, (_, index) => `${canary}${index}`);

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const call = (path: string, body: unknown, headers: Sent['headers'] = {}): Sent => ({
  method: 'POST',
  path: `/trpc/${path}`,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const streamed = (body: unknown): Sent =>
  call('scriptUserState.updateMany?batch=1', body, { 'trpc-accept': 'application/jsonl' });
const fields = Object.fromEntries(many.map((name) => [name, name]));
const script = { scriptKind: 'deviceShellScript', scriptId: 'a' };

const requests: readonly (readonly [string, Sent])[] = [
  ['a path', { path: `/${long}` }],
  ['an asset', { path: `/assets/${canary}%ff` }],
  ['a path that cannot be decoded', { path: `/${canary}%` }],
  ['a method', { method: 'PROPFIND', path: '/', headers: { destination: canary } }],
  ['the name of a procedure', call(canary, {})],
  ['the names of a batch', call(`script.list,${many.slice(0, 19).join()}?batch=1`, {})],
  ['too many names', call(`${many.join()}?batch=1`, {})],
  ['an encoded name', call(`%63${canary}`, {})],
  ['a parameter', { path: `/trpc/script.list?${canary}=${long}` }],
  ['an input in the query', { path: `/trpc/script.list?input=${long}` }],
  ['an input that is a string', { path: `/trpc/script.list?input=${encodeURIComponent(JSON.stringify(long))}` }],
  ['a body that is not JSON', call('script.list', long)],
  ['JSON with an error', call('script.list', `{"${canary}": ${canary}}`)],
  ['a batch that is not JSON', call('script.list?batch=1', `{"0": ${canary}}`)],
  ['unknown fields', call('script.list', fields)],
  ['a kind', call('script.list', { scriptKind: long })],
  ['an id', call('scriptUserState.list', { ...script, scriptId: `${long}/` })],
  ['a cursor', call('script.list', { scriptKind: 'deviceShellScript', cursor: long })],
  [
    'a name',
    call('scriptUserState.update', { ...script, userStateId: 'b', patch: { userPrincipalName: `\n${long}` } }),
  ],
  ['a prototype', call('script.list', `{"__proto__":{"${canary}":1},"constructor":"${canary}"}`)],
  [
    'rows',
    streamed({ 0: { updates: Array.from({ length: 3_000 }, () => ({ [canary]: canary, scriptId: `${canary}/` })) } }),
  ],
  ['fields of a row', streamed({ 0: { updates: [fields] } })],
  [
    'thousands of fields',
    streamed(Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`${canary}${i}`, canary]))),
  ],
  ['a stream that is not JSON', streamed(`{"0": ${canary}}`)],
  ['a content type', call('script.list', {}, { 'content-type': `text/${canary}` })],
  ['an encoding', call('script.list', {}, { 'content-encoding': canary })],
  ['an origin', call('script.list', {}, { origin: `https://${canary}.example` })],
  ['a request id', call('script.list', {}, { 'x-request-id': `${canary}@example.com` })],
  ['a cookie', call('script.list', {}, { cookie: `session=${long}` })],
  ['a trace', call('script.list', {}, { traceparent: canary, tracestate: canary })],
  ['a header', call('script.list', {}, { [canary]: canary, accept: canary, 'trpc-accept': canary, range: canary })],
];

async function send(address: string, { method = 'GET', path, headers = {}, body = '' }: Sent): Promise<string> {
  const connection = await openConnection(address);
  const all = { host: `localhost:${new URL(address).port}`, 'x-csrf': '1', connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const length = method === 'GET' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  connection.socket.write(`${[`${method} ${path} HTTP/1.1`, ...lines, ...length].join('\r\n')}\r\n\r\n${body}`);
  await connection.closed;
  return connection.received();
}

describe.each([
  ['the app', () => app.address],
  ['the service without a session', () => signIn.address],
] as const)('%s does not send back', (_name, address) => {
  test.each(requests)('%s', async (_what, sent) => {
    const received = await send(address(), sent);
    expect(received).toMatch(/^HTTP\/1\.1 [24]/);
    expect(received).not.toContain(canary);
    expect(received.length).toBeLessThan(32_000);
  });
});

test.each(['/auth/callback', '/auth/sign-in', '/auth/front-channel-sign-out', '/auth/nothing'])(
  '%s does not send back its parameters',
  async (path) => {
    const query = ['code', 'state', 'error', 'error_description', 'iss', 'sid', canary].map(
      (name) => `${name}=${canary}`,
    );
    expect(await send(signIn.address, { path: `${path}?${query.join('&')}` })).not.toContain(canary);
    expect((await send(signIn.address, { path: `${path}?returnTo=https://${long}` })).length).toBeLessThan(8_000);
  },
);
