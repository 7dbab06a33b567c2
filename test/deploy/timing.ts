/**
 * Measures what the probes and the grace period of deployment.yaml depend on, with the built program:
 * `npm run build && npx tsx test/deploy/timing.ts`.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeningOrigin, type RunningProcess, startNode } from '../support/process.js';
import { startRedis } from '../support/redis-server.js';

/** Accepts connections and never responds. */
const silent = createServer().listen(0, '127.0.0.1');
await once(silent, 'listening');
const redis = await startRedis();
const settings = {
  PORT: '0',
  HOST: '127.0.0.1',
  GRAPH_CREDENTIAL: 'access-token',
  GRAPH_ACCESS_TOKEN: 'none',
  GRAPH_BASE_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/beta`,
  REDIS_URL: redis.url,
};
const production = {
  ...settings,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://scripts.example.com',
  OIDC_ISSUER: 'https://login.example.com/',
  OIDC_CLIENT_ID: 'none',
  OIDC_CLIENT_SECRET: 'none',
  SESSION_SECRET: 'x'.repeat(32),
};

const headers = { 'x-csrf': '1', 'content-type': 'application/json' };
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
const report = (what: string, value: string) => console.log(`${what.padEnd(58)} ${value}`);

/** Starts the service as the image does. Resolves when it is ready. */
async function start(env: Readonly<Record<string, string>>) {
  const startedAt = performance.now();
  const replica = startNode(['--max-semi-space-size=32', 'dist/main.js'], env, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  replica.child.stdout?.on('data', (text: Buffer) => {
    log += text.toString();
  });
  while (listeningOrigin(log) === undefined) await sleep(5);
  const address = listeningOrigin(log) ?? '';
  const listeningMs = performance.now() - startedAt;
  const processorMs = await processorTimeMs(replica);
  while ((await fetch(`${address}/readyz`)).status !== 200) await sleep(5);
  return { replica, address, listeningMs, processorMs, readyMs: performance.now() - startedAt };
}

/** The user and system time of a process on Linux, whose clock ticks 100 times per second. */
async function processorTimeMs({ pid }: RunningProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The longest response time of the liveness probe during bulk updates whose rows wait for the quota, and for Graph. */
async function longestHealthCheckMs(address: string): Promise<number> {
  const abort = new AbortController();
  const updates = Array.from({ length: 3_000 }, (_, index) => ({
    scriptKind: 'deviceShellScript',
    scriptId: 'none',
    userStateId: `state-${index}`,
    patch: { errorDeviceCount: index },
  }));
  const bulk = Array.from({ length: 10 }, () =>
    fetch(`${address}/trpc/scriptUserState.updateMany?batch=1`, {
      method: 'POST',
      headers: { ...headers, 'trpc-accept': 'application/jsonl' },
      body: JSON.stringify({ 0: { updates } }),
      signal: abort.signal,
    }).then((response) => response.status),
  );
  let longestMs = 0;
  for (const endsAt = performance.now() + 10_000; performance.now() < endsAt; ) {
    const startedAt = performance.now();
    await fetch(`${address}/healthz`);
    longestMs = Math.max(longestMs, performance.now() - startedAt);
  }
  report('  their statuses', [...new Set(await Promise.all(bulk))].join(', '));
  abort.abort();
  return longestMs;
}

async function stop(replica: RunningProcess): Promise<number> {
  const startedAt = performance.now();
  replica.child.kill('SIGTERM');
  const code = await replica.exited;
  if (code !== 0) throw new Error(`the service exited with ${code}`);
  return performance.now() - startedAt;
}

try {
  const idle = await start(production);
  report('start until /healthz responds', seconds(idle.listeningMs));
  report('  processor time', seconds(idle.processorMs));
  report('  with the processor time that the manifest requests, 250m', seconds(idle.processorMs / 0.25));
  report('start until /readyz responds with 200', seconds(idle.readyMs));
  redis.pause();
  const askedAt = performance.now();
  const { status } = await fetch(`${idle.address}/readyz`);
  report(`/readyz while Redis hangs (${status})`, seconds(performance.now() - askedAt));
  redis.resume();
  report('stop in production without calls', seconds(await stop(idle.replica)));

  const bulk = await start({ ...settings, SIGN_IN: 'off' });
  report('longest /healthz during 10 bulk updates of 3,000 rows', seconds(await longestHealthCheckMs(bulk.address)));
  await bulk.replica.stop();

  const busy = await start({ ...settings, SIGN_IN: 'off' });
  const call = fetch(`${busy.address}/trpc/script.list`, {
    method: 'POST',
    headers,
    body: '{"scriptKind":"deviceShellScript"}',
  });
  await once(silent, 'connection');
  const stopped = stop(busy.replica);
  report('a call to a Graph that does not respond ends with status', String((await call).status));
  report('stop with that call in flight', seconds(await stopped));
} finally {
  silent.close();
  await redis.close();
  process.exit();
}
