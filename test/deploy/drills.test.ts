import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Balancer, startBalancer } from '../soak/balancer.js';
import { type BlackHole, startBlackHole } from '../support/black-hole.js';
import { clientWith } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { useFixture } from '../support/fixture.js';
import { addressOf, type Program, usePrograms } from '../support/program.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { scrape, total } from '../support/scrape.js';
import { liveSettings, untilReady } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { type SlowLink, startSlowLink } from '../support/slow-link.js';
import { manyStates, oneState } from '../support/states.js';

const startProgram = usePrograms();

/** Starts one more replica, and waits until it is ready. */
async function startReplica(settings: Readonly<Record<string, string>>) {
  const program = startProgram('dist/main.js', { ...settings, PORT: '0' });
  const address = await addressOf(program);
  await untilReady(address);
  return { program, address };
}

/** The phases of the audit lines, by the id of their request. */
function phasesOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const phases = new Map<string, string[]>();
  for (const line of lines) {
    const { log, requestId, phase } = JSON.parse(line) as Readonly<Record<string, string>>;
    if (log !== 'audit' || phase === undefined || requestId === undefined) continue;
    phases.set(requestId, [...(phases.get(requestId) ?? []), phase]);
  }
  return phases;
}

describeWithRedis('a rolling restart of two replicas in production, behind a load balancer', () => {
  const production = { NODE_ENV: 'production' };
  const all = useReplicas('processes', production);
  const balancer: Balancer = useFixture(startBalancer, (started) => started.close());

  test('loses no call and no session, and leaves no intent without an outcome', async () => {
    const { agent } = await all.signIn();
    const client = clientWith({ address: balancer.url }, () => agent.cookies());
    const states = await manyStates({ client: clientWith(all.one, () => agent.cookies()) }, 4);
    const backends = [all.one, all.two].map(({ address }, index) => ({ name: String(index), url: address, lost: 0 }));
    for (const backend of backends) balancer.add(backend);
    await untilReady(balancer.url);
    const refusedBefore = balancer.refused;

    const over = new AbortController();
    let calls = 0;
    const load = states.map(async ({ target }) => {
      for (let count = 0; !over.signal.aborted; count += 1) {
        const patch = { errorDeviceCount: count };
        // Fast enough for many calls during each stop, and slow enough for Graph's quota.
        await client.scriptUserState.get.query(target);
        if (count % 20 === 0) await client.scriptUserState.update.mutate({ ...target, patch });
        calls += 1;
      }
    });
    const restarted = (async () => {
      const logs: (readonly string[])[] = [];
      for (const [index, old] of [all.one, all.two].entries()) {
        const fresh = await startReplica(all.settings);
        balancer.add({ name: `new ${index}`, url: fresh.address, lost: 0 });
        const before = calls;
        await old.stop();
        expect(calls).toBeGreaterThan(before);
        logs.push(old.logged, fresh.program.stdout);
      }
      return logs.flat();
    })().finally(() => {
      over.abort();
    });
    const logged = (await Promise.all([restarted, ...load]))[0];
    expect(backends.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(balancer.refused).toBe(refusedBefore);
    const phases = [...phasesOf(logged).values()];
    expect(phases.length).toBeGreaterThan(0);
    for (const each of phases) expect(each).toEqual(['intent', 'outcome']);
    expect((await client.session.current.query()).user).toBeDefined();
  });
});

describeWithRedis('SIGKILL of one of two replicas during a write', () => {
  const folder = useFixture(
    async () => ({ path: await mkdtemp(join(tmpdir(), 'drill-')) }),
    ({ path }) => rm(path, { recursive: true }),
  );
  const all = useReplicas('processes', { GRAPH_DEADLINE_MS: '30000' });

  test('leaves an intent in its audit trail; sessions are kept, and others write to the same state', async () => {
    const { known, simulator, settings } = all;
    const trail = join(folder.path, 'audit.log');
    const victim = await startReplica({ ...settings, AUDIT_LOG: trail });
    const { agent, client } = await all.signIn();
    const lost = clientWith({ address: victim.address }, () => agent.cookies());
    await simulator.fault({ fault: 'stall', method: 'PATCH' });
    const write = expect(
      lost.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 61 } }),
    ).rejects.toThrow();
    await expect.poll(() => simulator.journal()).toHaveLength(1);
    await victim.program.stop('SIGKILL');
    await write;
    const lines = (await readFile(trail, 'utf8')).trim().split('\n');
    expect([...phasesOf(lines).values()]).toEqual([['intent']]);
    expect((await client.session.current.query()).user).toBeDefined();
    const next = await client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 62 } });
    expect(next).toMatchObject({ errorDeviceCount: 62 });
  });
});

describeWithRedis.each([20, 200])('a Redis that is %d ms away', (roundTripMs) => {
  const all = useReplicas('processes', { GRAPH_DEADLINE_MS: '30000', GRAPH_WRITES_PER_20S: '12' });
  const link: SlowLink = useFixture(
    () => startSlowLink(Number(new URL(all.redis.url).port), roundTripMs),
    (started) => started.close(),
  );

  test('delays calls; sessions, order and quota are kept', async () => {
    const { known, settings, simulator } = all;
    await simulator.settings({ writesPer20s: 12 });
    const far = { ...settings, REDIS_URL: `redis://127.0.0.1:${link.port}` };
    const [one, two] = await Promise.all([startReplica(far), startReplica(far)]);
    const { agent } = await all.signIn();
    const clients = [one, two].map((each) => clientWith(each, () => agent.cookies()));
    for (let count = 0; count < 6; count += 1) {
      const patch = { errorDeviceCount: count };
      const updates = clients.map((each) => each.scriptUserState.update.mutate({ ...known.target, patch }));
      for (const update of updates) expect(await update).toMatchObject(patch);
    }
    for (const { address } of [one, two]) expect((await fetch(`${address}/readyz`)).status).toBe(200);
    const writes = (await simulator.journal()).filter(({ method }) => method === 'PATCH');
    expect(writes.map(({ status }) => status)).toEqual(writes.map(() => 200));
    for (const { program } of [one, two]) await program.stop('SIGTERM');
  });
});

describe('a Graph whose packets are dropped', () => {
  const token = 'drill-token';
  const simulator = useSimulator(token);
  const blackHole: BlackHole = useFixture(
    () => startBlackHole(Number(new URL(simulator.baseUrl).port)),
    (started) => started.close(),
  );

  test('fails calls at their deadline, is counted, does not affect readiness, and is used again when it is back', async () => {
    const { port } = blackHole;
    const program: Program = startProgram('dist/main.js', {
      PORT: '0',
      METRICS_PORT: '0',
      SIGN_IN: 'off',
      GRAPH_DEADLINE_MS: '3000',
      ...liveSettings({ baseUrl: simulator.baseUrl.replace(/:\d+\//, `:${port}/`) }, token),
    });
    const address = await addressOf(program);
    const [, metricsUrl = ''] = /(http:\S+\/metrics)/.exec(await program.line('serving metrics')) ?? [];
    const client = clientWith({ address }, () => []);
    const { target } = await oneState({ client });
    blackHole.swallow();
    const [read, write] = await Promise.all([
      failure(client.scriptUserState.get.query(target)),
      failure(client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 71 } })),
    ]);
    expect(read).toMatchObject({ reason: 'GRAPH_TIMEOUT' });
    expect(write).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    for (const path of ['/healthz', '/readyz']) expect((await fetch(address + path)).status).toBe(200);
    const samples = await scrape(new URL(metricsUrl));
    expect(total(samples, 'calls_total', { reason: 'GRAPH_TIMEOUT' })).toBe(1);
    expect(total(samples, 'writes_total', { outcome: 'unknown' })).toBe(1);
    blackHole.restore();
    await expect
      .poll(async () => client.scriptUserState.get.query(target).catch(() => undefined))
      .toMatchObject({ id: target.userStateId });
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });
});

describeWithRedis('a replica whose clock is an hour off', () => {
  const all = useReplicas('processes');
  const clock = useFixture(
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'clock-'));
      for (const [name, ms] of [
        ['ahead', 3_600_000],
        ['behind', -3_600_000],
      ] as const) {
        await writeFile(
          join(folder, `${name}.mjs`),
          `const now = Date.now;
          globalThis.Date = class extends Date {
            constructor(...values) { values.length === 0 ? super(now() + ${ms}) : super(...values); }
            static now() { return now() + ${ms}; }
          };`,
        );
      }
      return { folder };
    },
    ({ folder }) => rm(folder, { recursive: true }),
  );

  test.each(['ahead', 'behind'])(
    '(%s) keeps sessions, order and quota, and its clock is exported',
    async (direction) => {
      const { known, settings } = all;
      const { program, address } = await startReplica({
        ...settings,
        METRICS_PORT: '0',
        NODE_OPTIONS: `--import ${pathToFileURL(join(clock.folder, `${direction}.mjs`)).href}`,
      });
      const { agent, client } = await all.signIn();
      const wrong = clientWith({ address }, () => agent.cookies());
      for (const [index, each] of [wrong, client, wrong, client, wrong].entries()) {
        const patch = { errorDeviceCount: 80 + index };
        expect(await each.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
        expect(await each.scriptUserState.get.query(known.target)).toMatchObject(patch);
      }
      expect((await client.session.current.query()).user).toBeDefined();
      const [, metricsUrl = ''] = /(http:\S+\/metrics)/.exec(await program.line('serving metrics')) ?? [];
      const skewSeconds = total(await scrape(new URL(metricsUrl)), 'clock_timestamp_seconds') - Date.now() / 1_000;
      expect(skewSeconds / (direction === 'ahead' ? 3_600 : -3_600)).toBeCloseTo(1, 1);
      await program.stop('SIGTERM');
    },
  );
});
