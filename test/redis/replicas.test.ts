import { expect, test } from 'vitest';
import { readMany, rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { describeWithRedis } from '../support/redis.js';
import { type Replicas, useReplicas } from '../support/replicas.js';
import { manyStates } from '../support/states.js';
import { createUserAgent } from '../support/user-agent.js';

/** The queue of the one state that the tests write to. */
const queueOf = async ({ redis }: Replicas) => {
  const [key] = await redis.inspect.keys('script-state-bff:2:order:*');
  return key === undefined ? [] : redis.inspect.lRange(key, 0, -1);
};

for (const where of ['here', 'processes'] as const) {
  describeWithRedis(`two replicas, ${where === 'here' ? 'in one process' : 'in two processes'}`, () => {
    const all = useReplicas(where, { GRAPH_DEADLINE_MS: '20000', GRAPH_WRITES_PER_20S: '60' });

    test('share sessions, and end them immediately when a user signs out at the other', async () => {
      const { agent, client, elsewhere } = await all.signIn();
      expect(await elsewhere.session.current.query()).toEqual(await client.session.current.query());
      const cookies = agent.cookies();
      expect(cookies).toHaveLength(1);
      expect(await agent.signOut()).toMatchObject({ status: 200 });
      agent.browser.plant('localhost', cookies[0] ?? '');
      expect(await failure(elsewhere.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
      expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });

    test('end a session immediately when the provider signs the user out at the other', async () => {
      const { agent, elsewhere } = await all.signIn();
      await elsewhere.session.current.query();
      await agent.browser.send(`${agent.origin}/auth/front-channel-sign-out?sid=the-only-session`, {
        crossSite: true,
      });
      expect(await failure(elsewhere.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });

    test('accept each other’s cursors', async () => {
      const { client, elsewhere } = await all.signIn();
      // Pages of 50.
      await all.simulator.settings({ acceptTop: false });
      const { nextCursor = '' } = await client.script.list.query({ scriptKind: 'deviceShellScript' });
      const next = await elsewhere.script.list.query({ scriptKind: 'deviceShellScript', cursor: nextCursor });
      expect(next.items.length).toBeGreaterThan(0);
      await all.simulator.settings({ acceptTop: true });
    });

    test('refresh a token once for all calls of both', async () => {
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

    test('send nothing for a session that ends at the other while its token is refreshed', async () => {
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

    test('send updates of one state in the order in which they arrived at either', async () => {
      const { known, simulator } = all;
      const { client, elsewhere } = await all.signIn();
      await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 5000 });
      const updates: Promise<unknown>[] = [];
      for (let count = 0; count < 8; count++) {
        const each = count % 2 === 0 ? client : elsewhere;
        updates.push(each.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 500 + count } }));
        // The next call is sent once this one is queued.
        if (count === 0) await expect.poll(() => simulator.journal()).toHaveLength(1);
        else await expect.poll(() => queueOf(all)).toHaveLength(count + 1);
      }
      await Promise.all(updates);
      const sent = (await simulator.journal()).map(
        ({ body }) => (body as { errorDeviceCount: number }).errorDeviceCount,
      );
      expect(sent).toEqual([500, 501, 502, 503, 504, 505, 506, 507]);
      await expect.poll(() => queueOf(all)).toEqual([]);
    });
  });

  describeWithRedis(`the quota of two replicas, ${where === 'here' ? 'in one process' : 'in two processes'}`, () => {
    // With a deadline below the window, a call that would wait for a slot is rejected immediately.
    const all = useReplicas(where, { GRAPH_WRITES_PER_20S: '12', GRAPH_DEADLINE_MS: '12000' });

    test('is shared: together they send what Graph accepts, and reject the rest', async () => {
      const { known, simulator } = all;
      await simulator.settings({ writesPer20s: 12 });
      const { client, elsewhere } = await all.signIn();
      const calls = Array.from({ length: 10 }, () => [client, elsewhere]).flat();
      const outcomes = await Promise.all(
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
      expect(outcomes.toSorted()).toEqual([
        ...Array.from({ length: 8 }, () => 'THROTTLED'),
        ...Array.from({ length: 12 }, () => 'done'),
      ]);
      const journal = await simulator.journal();
      expect(journal.filter(({ method }) => method === 'POST')).toHaveLength(12);
      expect(journal.filter(({ status }) => status === 429)).toEqual([]);
    });
  });
}

describeWithRedis('a replica with free quota', () => {
  // As above.
  const all = useReplicas('here', { GRAPH_DEADLINE_MS: '10000' });

  test('rejects none of many simultaneous calls', async () => {
    const { client } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 60), 100);
    await Promise.all(rows.map((row) => client.scriptUserState.update.mutate(row)));
    expect(await patches(all.simulator)).toHaveLength(60);
  });

  test('rejects no call whose token has to be refreshed', async () => {
    const { provider, known } = all;
    provider.registersTokens = false;
    const { client, elsewhere } = await all.signIn();
    provider.registersTokens = true;
    const before = provider.refreshes;
    const calls = Array.from({ length: 25 }, () => [client, elsewhere]).flat();
    await Promise.all(calls.map((each) => each.scriptUserState.get.query(known.target)));
    expect(provider.refreshes).toBe(before + 1);
  });

  test('verifies every row of a batch whose outcome is unknown', async () => {
    const { agent, client } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 20), 500);
    await all.simulator.reset();
    await all.simulator.fault({ fault: 'reset-applied', method: 'POST', path: '$batch' });
    const stream = createStreamClient(all.one, { cookie: agent.cookies().join('; ') });
    const results = await readMany(stream, { updates: [...rows] }).finished;
    expect(results.map((result) => (result.ok ? 'done' : result.error.data.reason))).toEqual(rows.map(() => 'done'));
    const journal = await all.simulator.journal();
    expect(journal.filter(({ method }) => method === 'GET')).toHaveLength(20);
  });
});

describeWithRedis('a replica that is killed', () => {
  const all = useReplicas('processes', { GRAPH_DEADLINE_MS: '20000' });

  test('blocks others only until its heartbeat has expired', async () => {
    const { known, simulator, one, redis } = all;
    const { client, elsewhere } = await all.signIn();
    await simulator.fault({ fault: 'stall', method: 'PATCH' });
    const lost = client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 61 } });
    lost.catch(() => undefined);
    await expect.poll(() => simulator.journal()).toHaveLength(1);
    await one.kill();
    await expect(lost).rejects.toThrow();
    const next = elsewhere.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 62 } });
    await expect.poll(() => queueOf(all)).toHaveLength(2);
    // Its heartbeat has expired.
    const [ticket = ''] = await queueOf(all);
    await redis.inspect.del(`script-state-bff:2:replica:${ticket.split(' ')[0]}`);
    expect(await next).toMatchObject({ errorDeviceCount: 62 });
    await expect.poll(() => queueOf(all)).toEqual([]);
  });
});

describeWithRedis('a sign-in that starts at one replica', () => {
  const publicUrl = 'http://localhost:4711';
  const all = useReplicas('here', { PUBLIC_URL: publicUrl });

  test('can finish at the other, and is valid at both', async () => {
    const { one, two, provider } = all;
    const [starting, finishing] = [one, two].map((replica) => createUserAgent(replica, publicUrl, provider.issuer));
    if (starting === undefined || finishing === undefined) throw new Error('no replicas');
    const { url } = await starting.browser.open(`${publicUrl}/auth/sign-in`, undefined, '/auth/callback');
    for (const cookie of starting.cookies()) finishing.browser.plant('localhost', cookie);
    expect(await finishing.browser.open(url)).toMatchObject({ status: 200 });
    for (const cookie of finishing.cookies()) starting.browser.plant('localhost', cookie);
    for (const each of [starting, finishing]) expect(await each.call('session.current')).toMatchObject({ status: 200 });
  });
});
