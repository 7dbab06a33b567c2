import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { progress } from '../bench/progress.js';
import { startBenchSimulator } from '../bench/simulator.js';
import type { JournalEntry } from '../support/controls.js';
import { startProvider } from '../support/provider.js';
import { startRedis } from '../support/redis-server.js';
import { startBalancer } from './balancer.js';
import { checkHistory, type JournalRecord, type Violations } from './checker.js';
import { type Cluster, type SupervisedReplica, startReplica } from './replica.js';
import { type History, simulateBulkUser, simulateUser } from './users.js';

const sessions = 200;
// A user can have ten sessions, and signs in again when the outcome of a sign-in is unknown.
const people = 100;
const statesEach = 2;
const bulkStates = 200;
const quota = 800;

/** The faults that share 5 % of the responses of Graph. */
const faultShares = [
  'throttled',
  'unavailable',
  'server-error',
  'bad-gateway',
  'gateway-timeout-applied',
  'reset',
  'reset-applied',
  'stall',
  'stall-applied',
  'truncated',
];

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
if (!(seconds >= 10 && seconds <= 3_600)) fail('usage: npm run soak [-- --seconds 10 to 3600]');

async function main(): Promise<void> {
  // Processes in this folder find their packages.
  const folder = mkdtempSync(resolve('node_modules/.soak-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  // tRPC's stream reader reports a lost connection, but also leaves a rejection unhandled.
  process.on('unhandledRejection', (error) => {
    if (!(error instanceof TypeError && error.message === 'terminated')) fail(error);
  });
  setTimeout(() => fail('the run did not end in time'), (seconds + 180) * 1_000).unref();

  // The same seed creates the same tenant; this simulator lists its states without faults.
  const faultless = await startBenchSimulator(folder);
  const states = await faultless.someStates(sessions * statesEach + bulkStates);
  await faultless.stop();
  const rate = (0.05 / faultShares.length).toFixed(4);
  const [redis, simulator] = await Promise.all([
    startRedis(),
    startBenchSimulator(folder, faultShares.map((fault) => `${fault}=${rate}`).join()),
  ]);
  await simulator.settings({ writesPer20s: quota, requestsPer20s: 10 * quota });
  const provider = await startProvider({
    register: (token) => simulator.register(token),
    users: people,
    allowsReuse: true,
  });
  // Tokens are refreshed a minute before they end: each session refreshes its own every ten seconds.
  provider.accessTokenSeconds = 70;
  const balancer = await startBalancer();
  const cluster: Cluster = {
    folder,
    balancer,
    stopped: [],
    env: {
      NODE_ENV: 'production',
      PORT: '0',
      LOG_LEVEL: 'info',
      PUBLIC_URL: `http://localhost:${new URL(balancer.url).port}`,
      GRAPH_CREDENTIAL: 'signed-in-user',
      GRAPH_BASE_URL: simulator.baseUrl,
      GRAPH_DEADLINE_MS: '20000',
      GRAPH_WRITES_PER_20S: String(quota),
      SIGN_IN: 'oidc',
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      SESSION_SECRET: 'a-session-secret-for-the-load-test-only',
      REDIS_URL: redis.url,
    },
  };
  const replicas = await Promise.all([startReplica('one', cluster), startReplica('two', cluster)]);
  const memory = replicas.map((replica) => ({ name: replica.name, atTenths: [replica.memory()] }));
  progress('started two replicas, Redis, an identity provider and the simulator');

  const history: History = { writes: [], sessionViolations: [], outcomes: new Map() };
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const assignment = { url: balancer.url, issuer: provider.issuer, history, signal: end.signal };
  const users = Array.from({ length: sessions }, (_each, number) =>
    simulateUser({ ...assignment, number, states: states.slice(number * statesEach, (number + 1) * statesEach) }),
  );
  users.push(simulateBulkUser({ ...assignment, number: sessions, states: states.slice(sessions * statesEach) }));
  const faults = injectFaults(replicas, redis);
  for (let tenth = 0; tenth < 10; tenth++) {
    await sleep(seconds * 100);
    for (const [index, { atTenths }] of memory.entries()) atTenths.push(replicas[index]?.memory() ?? 0);
  }
  await faults;
  progress('the load ends');
  end.abort();
  await Promise.all(users);
  const journal = (await simulator.journal()).map(toRecord);
  await Promise.all(replicas.map((replica) => replica.stop()));
  balancer.close();
  await provider.stop();
  await simulator.stop();
  await redis.close();

  const lost = cluster.stopped.filter(({ backend, code }) => backend.lost > 0 || code !== 0);
  report(
    {
      ...checkHistory(history.writes, journal, history.sessionViolations, quota),
      'lost by a graceful stop': lost.map(
        ({ backend, code }) => `${backend.name}: ${backend.lost} without a response, exit code ${code}`,
      ),
      'tokens refreshed by two replicas at once': Array.from({ length: provider.overlaps }, () => 'a refresh token'),
    },
    [
      `${sessions} sessions of ${people} users and one bulk update, ${seconds} s; ${balancer.refused} requests without a ready replica; no replica ready for ${balancer.downMs} ms`,
      `${journal.length} requests to Graph, ${journal.filter(({ fault }) => fault !== null).length} of them with a fault; ${provider.refreshes} token refreshes`,
      `calls: ${[...history.outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
      ...memory.map(
        ({ name, atTenths }) => `memory of replica ${name} at each tenth of the time, MiB: ${atTenths.join(' ')}`,
      ),
    ],
  );
}

/** Kills one replica, restarts the other, and stops and suspends Redis. */
async function injectFaults(
  [one, two]: readonly SupervisedReplica[],
  redis: Awaited<ReturnType<typeof startRedis>>,
): Promise<void> {
  const share = (part: number) => sleep(seconds * 1_000 * part);
  await share(0.2);
  progress('one replica is killed');
  await one?.kill();
  await share(0.15);
  progress('the other one is restarted');
  await two?.restart();
  await share(0.15);
  progress('Redis is stopped for two seconds');
  await redis.stop();
  await sleep(2_000);
  await redis.start();
  await share(0.15);
  progress('Redis is suspended for two seconds');
  redis.pause();
  await sleep(2_000);
  redis.resume();
}

function toRecord({ atMs, method, path, body, applied, status, fault }: JournalEntry): JournalRecord {
  const { errorDeviceCount, userPrincipalName } = Object(body) as Record<string, unknown>;
  const value = errorDeviceCount !== undefined && method === 'PATCH' ? errorDeviceCount : userPrincipalName;
  return {
    atMs,
    method: path.endsWith('/$batch') ? 'GET' : method,
    path: path.replace(/^\/beta\//, ''),
    value: typeof value === 'string' || typeof value === 'number' ? String(value) : null,
    applied,
    status,
    fault,
  };
}

function report(violations: Violations, facts: readonly string[]): void {
  const rows = Object.entries(violations).map(([what, cases]) => `${String(cases.length).padStart(6)}  ${what}`);
  const cases = Object.entries(violations).flatMap(([what, each]) =>
    each.slice(0, 10).map((text) => `${what}: ${text}`),
  );
  process.stdout.write(`${[...facts, '', ...rows, ...cases.map((text) => `  ${text}`)].join('\n')}\n`, () =>
    process.exit(cases.length > 0 ? 1 : 0),
  );
}

main().catch(fail);
