import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { progress } from '../bench/progress.js';
import { startBenchSimulator } from '../bench/simulator.js';
import { startProvider } from '../support/provider.js';
import { startRedis } from '../support/redis-server.js';
import { createTrailFile, createTrailPipe } from './audit-trail.js';
import { startBalancer } from './balancer.js';
import { checkHistory, checkJobs, type Violations } from './checker.js';
import { injectFaults } from './faults.js';
import { simulateJobUser } from './jobs.js';
import { parseTrail, startOfJournal, toJournalRecord } from './records.js';
import { type Cluster, startReplica } from './replica.js';
import { type History, simulateBulkUser, simulateUser } from './users.js';

const sessions = 200;
// A user can have ten sessions, and signs in again when the outcome of a sign-in is unknown.
const people = 100;
const statesEach = 2;
const bulkStates = 200;
const jobUsers = 2;
const jobStates = 100;
const quota = 800;

/** The share of the time in which replicas, their trails and Redis fail. */
const faultyShare = 0.65;

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
  const states = await faultless.someStates(sessions * statesEach + bulkStates + jobUsers * jobStates);
  await faultless.stop();
  const rate = (0.05 / faultShares.length).toFixed(4);
  const [redis, simulator] = await Promise.all([
    startRedis(),
    startBenchSimulator(folder, faultShares.map((fault) => `${fault}=${rate}`).join()),
  ]);
  const startedAtMs = await startOfJournal(simulator);
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
  const trails = [
    createTrailFile(join(folder, 'trail-of-one')),
    createTrailPipe(join(folder, 'trail-of-two')),
  ] as const;
  const replicas = await Promise.all([
    startReplica('one', cluster, trails[0]),
    startReplica('two', cluster, trails[1]),
  ]);
  const memory = replicas.map((replica) => ({ name: replica.name, atTenths: [replica.memory()] }));
  progress('started two replicas, Redis, an identity provider and the simulator');

  const history: History = { writes: [], sessionViolations: [], outcomes: new Map(), jobs: [] };
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const assignment = { url: balancer.url, issuer: provider.issuer, history, signal: end.signal };
  const users = Array.from({ length: sessions }, (_each, number) =>
    simulateUser({ ...assignment, number, states: states.slice(number * statesEach, (number + 1) * statesEach) }),
  );
  const others = states.slice(sessions * statesEach);
  users.push(simulateBulkUser({ ...assignment, number: sessions, states: others.slice(0, bulkStates) }));
  for (let number = 1; number <= jobUsers; number++) {
    const own = others.slice(bulkStates).slice((number - 1) * jobStates, number * jobStates);
    users.push(simulateJobUser({ ...assignment, number: sessions + number, states: own }));
  }
  const audited = replicas.map((replica, index) => ({ replica, trail: trails[index] ?? trails[0] }));
  // The memory of the replicas is seen in the time after the last fault.
  const faults = injectFaults(audited, redis, performance.now() + seconds * 1_000 * faultyShare);
  for (let tenth = 0; tenth < 10; tenth++) {
    await sleep(seconds * 100);
    for (const [index, { atTenths }] of memory.entries()) atTenths.push(replicas[index]?.memory() ?? 0);
  }
  const faultCounts = await faults;
  progress('the load ends');
  end.abort();
  await Promise.all(users);
  const journal = (await simulator.journal()).map(toJournalRecord);
  await Promise.all(replicas.map((replica) => replica.stop()));
  balancer.close();
  await provider.stop();
  await simulator.stop();
  await redis.close();

  const trail = parseTrail(trails.map((each) => each.read()).join(''), startedAtMs);
  const lost = cluster.stopped.filter(({ backend, code }) => backend.lost > 0 || code !== 0);
  report(
    {
      ...checkHistory({ reported: history.writes, journal, audited: trail.records }, history.sessionViolations, quota),
      ...checkJobs(history.jobs, journal),
      'lost by a graceful stop': lost.map(
        ({ backend, code }) => `${backend.name}: ${backend.lost} without a response, exit code ${code}`,
      ),
      'tokens refreshed by two replicas at once': Array.from({ length: provider.overlaps }, () => 'a refresh token'),
    },
    [
      `${sessions} sessions of ${people} users, one bulk update and ${jobUsers} users with jobs, ${seconds} s; ${balancer.refused} requests without a ready replica; no replica ready for ${balancer.downMs} ms`,
      `${journal.length} requests to Graph, ${journal.filter(({ fault }) => fault !== null).length} of them with a fault; ${provider.refreshes} token refreshes`,
      `${[...faultCounts].map(([name, count]) => `${name}: ${count}`).join(', ')}`,
      `${history.jobs.length} jobs, ${history.jobs.filter(({ isDurable }) => isDurable).length} of them durable`,
      `${trail.records.length} lines of writes in the audit trails, ${trail.incomplete} incomplete lines`,
      `calls: ${[...history.outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
      ...memory.map(
        ({ name, atTenths }) => `memory of replica ${name} at each tenth of the time, MiB: ${atTenths.join(' ')}`,
      ),
    ],
  );
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
