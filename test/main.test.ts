import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createBatchClient, createClient } from './support/clients.js';
import { patches } from './support/journal.js';
import { addressOf, type Program, usePrograms } from './support/program.js';
import { liveSettings } from './support/service.js';
import { useSimulator } from './support/simulator.js';
import { someStates } from './support/states.js';

const main = 'dist/main.js';
const token = 'process-test-token';

const simulator = useSimulator(token, 'test');
const startProgram = usePrograms('test');

const start = (env: Readonly<Record<string, string>> = {}) => startProgram(main, { PORT: '0', ...env });
const startLive = (env: Readonly<Record<string, string>> = {}) =>
  start({ SIGN_IN: 'off', ...liveSettings(simulator, token), ...env });

const status = async (url: string) => (await fetch(url)).status;

describe('startup', () => {
  test('without settings serves the simulator, and logs the address, a warning and an example', async () => {
    const program = start();
    const address = await addressOf(program);
    expect(await program.line('SIMULATED DATA')).toContain('no tenant');
    expect(await program.line('try: curl')).toContain(address);
    const { items } = await createClient(address).script.list.query({ scriptKind: 'deviceManagementScript' });
    expect(items.length).toBeGreaterThan(10);
    for (const line of program.stdout) expect(JSON.parse(line)).toHaveProperty('level');
    expect(await status(`${address}/healthz`)).toBe(200);
    expect(await status(`${address}/readyz`)).toBe(200);
  });

  test('with invalid settings exits with code 1 and one message that names each of them', async () => {
    const program = start({ PORT: 'canary-1', LOG_LEVEL: 'canary-2', GRAPH_CREDENTIAL: 'access-token' });
    expect(await program.exited).toBe(1);
    const message = program.stderr.join('\n');
    for (const name of ['PORT', 'LOG_LEVEL', 'GRAPH_ACCESS_TOKEN']) expect(message).toContain(`${name}: must be`);
    expect(message).not.toContain('canary');
    expect(program.stdout).toEqual([]);
  });

  test('never starts the simulator in production', async () => {
    const program = start({ NODE_ENV: 'production' });
    expect(await program.exited).toBe(1);
    expect(program.stderr.join('\n')).toContain('GRAPH_CREDENTIAL: must be');
  });

  test('on a port in use exits with code 1 and logs the error', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const program = start({ PORT: String((other.address() as AddressInfo).port) });
    expect(await program.exited).toBe(1);
    expect(program.stdout.join('\n')).toContain('EADDRINUSE');
    other.close();
  });
});

describe('a token', () => {
  test('without the required permission causes a warning at startup', async () => {
    const payload = Buffer.from(JSON.stringify({ roles: ['User.Read.All'] })).toString('base64url');
    const program = startLive({ GRAPH_ACCESS_TOKEN: `eyJhbGciOiJub25lIn0.${payload}.` });
    expect(await program.line('lacks a permission')).toContain('DeviceManagementScripts.ReadWrite.All');
  });
});

test('a reset CONNECT request does not crash the process', async () => {
  const program = start();
  const { port, hostname, origin } = new URL(await addressOf(program));
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('CONNECT localhost:443 HTTP/1.1\r\nhost: localhost:443\r\n\r\n');
  socket.resetAndDestroy();
  expect(await status(`${origin}/healthz`)).toBe(200);
});

test('invalid data after a request does not replace the response to that request', async () => {
  const program = startLive();
  const { port, hostname } = new URL(await addressOf(program));
  await simulator.fault({ fault: 'latency', delayMs: 500 });
  const body = '{"scriptKind":"deviceShellScript"}';
  const head = `host: localhost\r\nx-csrf: 1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(`POST /trpc/script.list HTTP/1.1\r\n${head}\r\n\r\n${body}GARBAGE\r\n\r\n`);
  expect(await text(socket).catch(() => '')).not.toContain('INVALID_INPUT');
});

test('without sign-in, DNS rebinding is rejected by the host header', async () => {
  const address = await addressOf(start());
  const { port } = new URL(address);
  const statusFor = async (host: string) => {
    const call = request(`${address}/trpc/session.current`, { headers: { host, 'x-csrf': '1' } }).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect(await statusFor(`evil.example:${port}`)).toBe(403);
  expect(await statusFor(`127.0.0.1.evil.example:${port}`)).toBe(403);
  expect(await statusFor(`localhost:${port}`)).toBe(200);
  expect(await statusFor(`[::1]:${port}`)).toBe(200);
});

describe('shutdown', () => {
  /** An update to which Graph responds after two seconds. */
  async function slowUpdate(address: string) {
    const client = createClient(address);
    const scriptKind = 'deviceShellScript';
    const [script] = (await client.script.list.query({ scriptKind })).items;
    const scriptId = script?.id ?? '';
    const [state] = (await client.scriptUserState.list.query({ scriptKind, scriptId })).items;
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 5000 });
    const patch = { successDeviceCount: 77 };
    return client.scriptUserState.update.mutate({ scriptKind, scriptId, userStateId: state?.id ?? '', patch });
  }

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s turns readiness to 503, completes the write in flight, and exits with code 0',
    async (signal) => {
      const program = startLive();
      const address = await addressOf(program);
      const response = slowUpdate(address);
      await expect.poll(() => patches(simulator)).toHaveLength(1);
      program.child.kill(signal);
      await program.line('stopping');
      expect(await status(`${address}/readyz`)).toBe(503);
      expect(await status(`${address}/healthz`)).toBe(200);
      expect(await response).toMatchObject({ successDeviceCount: 77 });
      expect(await program.exited).toBe(0);
      const audited = program.stdout.filter((line) => line.includes('"audit"'));
      expect(audited.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { phase: 'intent' },
        { phase: 'outcome', outcome: 'applied' },
      ]);
    },
  );

  test('closes keep-alive connections', async () => {
    const program = startLive();
    const address = await addressOf(program);
    const agent = new Agent({ keepAlive: true });
    const responded = once(request(`${address}/healthz`, { agent }).end(), 'response');
    const [response] = (await responded) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, 'end');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    agent.destroy();
  });

  test('closes a keep-alive connection after its last response', async () => {
    const program = startLive();
    const address = await addressOf(program);
    await simulator.fault({ fault: 'latency', delayMs: 3000 });
    const agent = new Agent({ keepAlive: true });
    const headers = { 'x-csrf': '1', 'content-type': 'application/json' };
    const call = request(`${address}/trpc/script.list`, { agent, method: 'POST', headers });
    call.end(JSON.stringify({ scriptKind: 'deviceShellScript' }));
    await expect.poll(() => simulator.journal()).not.toEqual([]);
    program.child.kill('SIGTERM');
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await program.exited).toBe(0);
    agent.destroy();
  });

  test('does not wait for incomplete requests', async () => {
    const program = startLive();
    const { port, hostname } = new URL(await addressOf(program));
    const head =
      'POST /trpc/script.list HTTP/1.1\r\nhost: localhost\r\nx-csrf: 1\r\ncontent-type: application/json\r\n';
    const sockets = ['', 'GET / HT', `${head}content-length: 100\r\n\r\n{`].map((sent) => {
      const socket = connect(Number(port), hostname, () => socket.write(sent));
      return socket.on('error', () => undefined);
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(await status(`http://${hostname}:${port}/healthz`)).toBe(200);
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });

  test('does not wait for pipelined requests of a closed connection', async () => {
    const program = startLive();
    const { port } = new URL(await addressOf(program));
    await simulator.fault({ fault: 'latency', method: 'GET', times: 'always', delayMs: 3000 });
    const socket = connect(Number(port), '127.0.0.1');
    const input = encodeURIComponent(JSON.stringify({ scriptKind: 'deviceShellScript' }));
    socket.write(`GET /trpc/script.list?input=${input} HTTP/1.1\r\nhost: localhost\r\nx-csrf: 1\r\n\r\n`.repeat(2));
    await expect.poll(() => simulator.journal()).toHaveLength(1);
    socket.destroy();
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });

  test('completes a write whose caller disconnected', async () => {
    const program = startLive();
    const address = await addressOf(program);
    const abandoned = new AbortController();
    const client = createClient(address);
    const [script] = (await client.script.list.query({ scriptKind: 'deviceShellScript' })).items;
    const target = { scriptKind: 'deviceShellScript', scriptId: script?.id ?? '' } as const;
    const [state] = (await client.scriptUserState.list.query(target)).items;
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const input = { ...target, userStateId: state?.id ?? '', patch: { errorDeviceCount: 5 } };
    const call = client.scriptUserState.update.mutate(input, { signal: abandoned.signal }).catch(() => 'disconnected');
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    abandoned.abort();
    expect(await call).toBe('disconnected');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    const [audit] = program.stdout.filter((line) => line.includes('"outcome":'));
    expect(JSON.parse(audit ?? '{}')).toMatchObject({ outcome: 'applied', fields: ['errorDeviceCount'] });
  });

  test('exits immediately on a second signal', async () => {
    const program = startLive();
    const response = slowUpdate(await addressOf(program)).catch(() => 'cut off');
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    program.child.kill('SIGTERM');
    await program.line('stopping');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(1);
    expect(await response).toBe('cut off');
  });
});

describe('the log', () => {
  /** The audit lines of applied writes. */
  const audited = ({ stdout }: Program) =>
    stdout.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ outcome }) => outcome === 'applied');

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'is complete after %s directly after the last of many writes',
    async (signal) => {
      const program = startLive({ GRAPH_WRITES_PER_20S: '10000' });
      await simulator.settings({ writesPer20s: 10_000 });
      const address = await addressOf(program);
      const [state] = await someStates({ client: createClient(address) }, 1);
      const { target } = state ?? expect.fail('no state');
      const updates = Array.from({ length: 500 }, (_, count) => ({ ...target, patch: { errorDeviceCount: count } }));
      const { scriptUserState } = createBatchClient({ address });
      await Promise.all(updates.map((update) => scriptUserState.update.mutate(update)));
      program.child.kill(signal);
      expect(await program.exited).toBe(0);
      expect(audited(program)).toHaveLength(500);
    },
  );

  test('is complete when stdout is read only after the service has stopped', async () => {
    const program = startLive();
    const address = await addressOf(program);
    program.child.stdout?.pause();
    for (let from = 0; from < 2000; from += 50) {
      await Promise.all(Array.from({ length: 50 }, () => status(`${address}/nothing-here`)));
    }
    program.child.kill('SIGTERM');
    await expect.poll(() => status(`${address}/healthz`).catch(() => 'closed')).toBe('closed');
    program.child.stdout?.resume();
    expect(await program.exited).toBe(0);
    const lines = program.stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter((line) => line['msg'] === 'request' && line['status'] === 404)).toHaveLength(2000);
  });

  test('reports invalid settings and warnings of Node as JSON', async () => {
    const invalid = start({ PORT: 'invalid' });
    expect(await invalid.exited).toBe(1);
    expect(invalid.stderr.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 60, msg: expect.stringContaining('PORT: must be') as unknown },
    ]);
    const script = 'setInterval(() => process.emitWarning(new RangeError("a warning")), 100)';
    const warned = start({ NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(script)}"` });
    expect(JSON.parse(await warned.line('a warning'))).toMatchObject({ level: 40, err: { type: 'RangeError' } });
  });
});

test('SIGUSR1 does not open the inspector', async () => {
  const program = start();
  const address = await addressOf(program);
  program.child.kill('SIGUSR1');
  expect(await status(`${address}/healthz`)).toBe(200);
  program.child.kill('SIGTERM');
  expect(await program.exited).toBe(0);
  expect(program.stderr.join('\n')).not.toMatch(/debugger|inspector/i);
});

test.each(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'] as const)(
  '%s ends the process at once',
  async (signal) => {
    const program = start();
    await addressOf(program);
    program.child.kill(signal);
    expect(await program.exited).toBe(signal);
  },
);
