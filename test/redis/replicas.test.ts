import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createStreamClient, manyStates, patches, readMany, rowsOf } from '../support/bulk.js';
import { describeWithRedis } from '../support/redis.js';
import { type Replicas, startReplicas } from '../support/replicas.js';
import { failure } from '../support/service.js';

/** The line of the one state that the tests write to. */
const lineOf = async ({ redis }: Replicas) => {
  const [key] = await redis.inspect.keys('script-state-bff:order:*');
  return key === undefined ? [] : redis.inspect.lRange(key, 0, -1);
};

for (const where of ['here', 'processes'] as const) {
  describeWithRedis(`two replicas, ${where === 'here' ? 'in one process' : 'each a process of its own'}`, () => {
    let all: Replicas;
    beforeAll(async () => {
      all = await startReplicas(where, { GRAPH_DEADLINE_MS: '20000', GRAPH_WRITES_PER_20S: '60' });
    });
    afterEach(() => all.simulator.reset());
    afterAll(() => all.stop());

    test('know the same people, and each knows at once who signed out at the other', async () => {
      const { agent, client, elsewhere } = await all.signIn();
      expect(await elsewhere.session.current.query()).toEqual(await client.session.current.query());
      const cookies = agent.cookies();
      expect(cookies).toHaveLength(1);
      expect(await agent.signOut()).toMatchObject({ status: 200 });
      agent.browser.plant('localhost', cookies[0] ?? '');
      expect(await failure(elsewhere.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
      expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });

    test('know at once whom the provider signed out at the other', async () => {
      const { agent, elsewhere } = await all.signIn();
      await elsewhere.session.current.query();
      await agent.browser.send(`${agent.origin}/auth/front-channel-sign-out?sid=the-only-session`, {
        crossSite: true,
      });
      expect(await failure(elsewhere.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });

    test('take each other’s cursors', async () => {
      const { client, elsewhere } = await all.signIn();
      const { nextCursor = '' } = await client.script.list.query({ scriptKind: 'deviceShellScript' });
      const next = await elsewhere.script.list.query({ scriptKind: 'deviceShellScript', cursor: nextCursor });
      expect(next.items.length).toBeGreaterThan(0);
    });

    test('renew a token once, however many calls of both want it', async () => {
      const { provider, known } = all;
      provider.accessTokenSeconds = 30;
      const { client, elsewhere } = await all.signIn();
      provider.accessTokenSeconds = 3600;
      const before = provider.refreshes;
      const release = provider.hold();
      const calls = Array.from({ length: 25 }, () => [client, elsewhere]).flat();
      const states = Promise.all(calls.map((each) => each.scriptUserState.get.query(known.target)));
      await expect.poll(() => provider.refreshes).toBe(before + 1);
      release();
      expect(await states).toEqual(Array.from({ length: 50 }, () => known.state));
      expect(provider.refreshes).toBe(before + 1);
    });

    test('send no more for a session that ends at the other while its token is renewed', async () => {
      const { provider, known, simulator } = all;
      provider.accessTokenSeconds = 30;
      const { agent, elsewhere } = await all.signIn();
      provider.accessTokenSeconds = 3600;
      const before = provider.refreshes;
      const release = provider.hold();
      const cookies = agent.cookies();
      const update = failure(
        elsewhere.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 8 } }),
      );
      await expect.poll(() => provider.refreshes).toBe(before + 1);
      expect(cookies).toEqual(agent.cookies());
      await agent.signOut();
      release();
      expect(await update).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
      expect((await simulator.journal()).filter(({ method }) => method !== 'GET')).toEqual([]);
    });

    test('send updates of one state in the order in which they reached either', async () => {
      const { known, simulator } = all;
      const { client, elsewhere } = await all.signIn();
      await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 500 });
      const updates: Promise<unknown>[] = [];
      for (let count = 0; count < 8; count++) {
        const each = count % 2 === 0 ? client : elsewhere;
        updates.push(each.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 500 + count } }));
        // The next one is sent when this one has surely come.
        if (count === 0) await expect.poll(() => simulator.journal()).toHaveLength(1);
        else await expect.poll(() => lineOf(all)).toHaveLength(count + 1);
      }
      await Promise.all(updates);
      const sent = (await simulator.journal()).map(
        ({ body }) => (body as { errorDeviceCount: number }).errorDeviceCount,
      );
      expect(sent).toEqual([500, 501, 502, 503, 504, 505, 506, 507]);
      await expect.poll(() => lineOf(all)).toEqual([]);
    });
  });

  describeWithRedis(`the quota of two replicas, ${where === 'here' ? 'in one process' : 'each of its own'}`, () => {
    let all: Replicas;
    beforeAll(async () => {
      all = await startReplicas(where, { GRAPH_WRITES_PER_20S: '12' });
    });
    afterAll(() => all.stop());

    test('is one: together they send what Graph takes, and say so of the rest', async () => {
      const { known, simulator } = all;
      await simulator.settings({ writesPer20s: 12 });
      const { client, elsewhere } = await all.signIn();
      const calls = Array.from({ length: 10 }, () => [client, elsewhere]).flat();
      const told = await Promise.all(
        calls.map((each, index) =>
          each.scriptUserState.create
            .mutate({
              scriptKind: known.target.scriptKind,
              scriptId: known.target.scriptId,
              userState: {
                successDeviceCount: index,
                errorDeviceCount: 0,
                userPrincipalName: `n${index}@contoso.example`,
              },
            })
            .then(
              () => 'done',
              (error: { data: { reason: string } }) => error.data.reason,
            ),
        ),
      );
      expect(told.filter((each) => each === 'done')).toHaveLength(12);
      expect(told.filter((each) => each === 'THROTTLED')).toHaveLength(8);
      const journal = await simulator.journal();
      expect(journal.filter(({ method }) => method === 'POST')).toHaveLength(12);
      expect(journal.filter(({ status }) => status === 429)).toEqual([]);
    });
  });
}

describeWithRedis('a replica with room in its quota', () => {
  let all: Replicas;
  beforeAll(async () => {
    // With so little time, whoever is believed to have to wait for a window is turned away at once.
    all = await startReplicas('here', { GRAPH_DEADLINE_MS: '3000' });
  });
  afterEach(() => all.simulator.reset());
  afterAll(() => all.stop());

  test('turns nobody away, however many come at once', async () => {
    const { client } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 60), 100);
    await Promise.all(rows.map((row) => client.scriptUserState.update.mutate(row)));
    expect(await patches(all.simulator)).toHaveLength(60);
  });

  test('turns nobody away whose token has to be renewed', async () => {
    const { provider, known } = all;
    provider.registersTokens = false;
    const { client, elsewhere } = await all.signIn();
    provider.registersTokens = true;
    const before = provider.refreshes;
    const calls = Array.from({ length: 25 }, () => [client, elsewhere]).flat();
    await Promise.all(calls.map((each) => each.scriptUserState.get.query(known.target)));
    expect(provider.refreshes).toBe(before + 1);
  });

  test('looks what became of every row of a batch that ended in doubt', async () => {
    const { agent, client } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 20), 500);
    await all.simulator.reset();
    await all.simulator.fault({ fault: 'reset-applied', method: 'POST', path: '$batch' });
    const stream = createStreamClient(all.one, { cookie: agent.cookies().join('; ') });
    const results = await readMany(stream, { updates: [...rows] }).over;
    expect(results.map((result) => (result.ok ? 'done' : result.error.data.reason))).toEqual(rows.map(() => 'done'));
    const journal = await all.simulator.journal();
    expect(journal.filter(({ method }) => method === 'GET')).toHaveLength(20);
  });
});

describeWithRedis('a replica that is killed', () => {
  let all: Replicas;
  beforeAll(async () => {
    all = await startReplicas('processes', { GRAPH_DEADLINE_MS: '20000' });
  });
  afterAll(() => all.stop());

  test('holds up nobody for longer than it takes to be found dead', async () => {
    const { known, simulator, one, redis } = all;
    const { client, elsewhere } = await all.signIn();
    await simulator.fault({ fault: 'stall', method: 'PATCH' });
    const lost = client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 61 } });
    lost.catch(() => undefined);
    await expect.poll(() => simulator.journal()).toHaveLength(1);
    await one.kill();
    await expect(lost).rejects.toThrow();
    const next = elsewhere.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 62 } });
    await expect.poll(() => lineOf(all)).toHaveLength(2);
    // As if it had not been heard of for long enough.
    const [ticket = ''] = await lineOf(all);
    await redis.inspect.del(`script-state-bff:replica:${ticket.split(' ')[0]}`);
    expect(await next).toMatchObject({ errorDeviceCount: 62 });
    await expect.poll(() => lineOf(all)).toEqual([]);
  });
});
