import { expect, test } from 'vitest';
import type { Program } from '../support/program.js';
import { addressOf, usePrograms } from '../support/program.js';

const startProgram = usePrograms('test');

const settings = {
  NODE_ENV: 'production',
  PORT: '0',
  GRAPH_CREDENTIAL: 'access-token',
  GRAPH_ACCESS_TOKEN: 'a-token',
  SIGN_IN: 'oidc',
  OIDC_ISSUER: 'http://127.0.0.1:9',
  OIDC_CLIENT_ID: 'client',
  OIDC_CLIENT_SECRET: 'secret',
  SESSION_SECRET: 'a-secret-of-at-least-thirty-two-characters',
  PUBLIC_URL: 'https://states.example',
};

/** Starts the service with code that runs before it. */
function startWith(code: string, env: Readonly<Record<string, string>> = {}): Program {
  const preload = `--import "data:text/javascript,${encodeURIComponent(code)}"`;
  return startProgram('dist/main.js', { ...settings, NODE_OPTIONS: preload, ...env });
}

/** All lines, each of which must be JSON. */
const linesOf = ({ stdout, stderr }: Program) =>
  [...stdout, ...stderr].map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

/** Fails when the service starts to listen, which it then never does. */
const startupCode = `
  import { Server } from 'node:net';
  Server.prototype.listen = function () {
    setImmediate(() => { FAIL; });
    return this;
  };`;

/** Fails when the service runs. */
const lateCode = `
  const timer = setInterval(() => {
    if (process.listenerCount('SIGTERM') === 0) return;
    clearInterval(timer);
    FAIL;
  }, 100);`;

test.each([
  ['thrown during startup', startupCode, 'throw new RangeError("a failure")', 'RangeError'],
  ['rejected during startup', startupCode, 'Promise.reject(new RangeError("a failure"))', 'RangeError'],
  ['thrown later', lateCode, 'throw new RangeError("a failure")', 'RangeError'],
  ['rejected without an error', lateCode, 'Promise.reject()', 'UnhandledPromiseRejection'],
  ['thrown as an object', lateCode, 'throw { message: "a failure" }', 'object'],
])(
  'after an error that was %s, the process exits with code 1 and every line is JSON',
  async (_case, code, fail, type) => {
    const program = startWith(code.replace('FAIL', fail));
    expect(await program.exited).toBe(1);
    expect(linesOf(program)).toContainEqual(
      expect.objectContaining({ level: 60, err: expect.objectContaining({ type }) as unknown }),
    );
  },
);

test.each<[string, Readonly<Record<string, string>>]>([
  ['an invalid setting', { PORT: 'none' }],
  ['a trail that cannot be opened', { AUDIT_LOG: '/missing/trail' }],
  ['an address that cannot be used', { HOST: '192.0.2.1' }],
  ['an address that cannot be used, and no log', { HOST: '192.0.2.1', LOG_LEVEL: 'silent' }],
  ['a port for metrics that cannot be used', { METRICS_PORT: '9', HOST: '192.0.2.1' }],
])('with %s, the process exits with code 1 and every line is JSON', async (_case, env) => {
  const program = startWith('', env);
  expect(await program.exited).toBe(1);
  expect(linesOf(program)).toContainEqual(expect.objectContaining({ level: 60 }));
});

test('warnings of Node are lines of the log', async () => {
  const program = startWith(
    lateCode.replace('FAIL', 'process.emitWarning("a warning", "DeprecationWarning", "DEP0999")'),
  );
  await addressOf(program);
  await program.line('a warning');
  expect(linesOf(program)).toContainEqual(
    expect.objectContaining({ level: 40, err: expect.objectContaining({ code: 'DEP0999' }) as unknown }),
  );
});
