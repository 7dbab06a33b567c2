import { describe, expect, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { clientWith } from '../support/clients.js';
import { delegated, signInUser } from '../support/delegated.js';
import { patches } from '../support/journal.js';
import { addressOf, usePrograms } from '../support/program.js';
import { startProvider } from '../support/provider.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, untilReady } from '../support/service.js';
import { startTestSimulator, stopWithSimulator } from '../support/simulator.js';
import { manyStates } from '../support/states.js';

const hourMs = 3_600_000;

/** The Node option that sets the clock of a process ahead. */
function setClock(aheadMs: number): string {
  const script = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...args) { super(...(args.length > 0 ? args : [Real.now() + ${aheadMs}])); }
      static now() { return Real.now() + ${aheadMs}; }
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

describeWithRedis('with a replica whose clock is', () => {
  const server = useRedis();
  const start = usePrograms('test');

  describe.each([
    ['an hour ahead', hourMs],
    ['an hour behind', -hourMs],
  ])('%s', (_, aheadMs) => {
    test('sessions, tokens and the quota are the same for all replicas', async () => {
      const simulator = await startTestSimulator();
      const provider = await startProvider({ register: (token) => simulator.register(token) });
      const settings = {
        ...delegated(simulator, provider),
        REDIS_URL: server.url,
        GRAPH_DEADLINE_MS: '60000',
        GRAPH_WRITES_PER_20S: '6',
        SESSION_MAX_HOURS: '1',
      };
      const one = await startTestService(settings);
      const two = start('dist/main.js', { ...settings, PORT: '0', NODE_OPTIONS: setClock(aheadMs) });
      const address = await addressOf(two);
      try {
        for (const each of [one.address, address]) await untilReady(each);
        const { agent, client } = await signInUser(one, provider.issuer);
        const elsewhere = clientWith({ address }, () => agent.cookies());
        const rows = rowsOf(await manyStates({ client }, 12), 100);
        await simulator.reset();
        await simulator.settings({ writesPer20s: 6 });
        await Promise.all(
          rows.map((row, index) => (index % 2 === 0 ? client : elsewhere).scriptUserState.update.mutate(row)),
        );
        const sent = await patches(simulator);
        expect(sent).toHaveLength(12);
        expect(sent.filter(({ status }) => status === 429)).toEqual([]);
        expect(provider.refreshes).toBe(0);
        for (const each of [client, elsewhere]) expect(await each.session.current.query()).toHaveProperty('user');
        const [session = ''] = await server.inspect.keys('script-state-bff:2:session:*');
        expect(await server.inspect.pTTL(session)).toBeGreaterThan(hourMs / 2);
        expect(two.stdout.filter((line) => line.includes('clock'))).toHaveLength(1);
      } finally {
        await two.stop('SIGTERM');
        await stopWithSimulator(simulator, one, provider);
        await server.inspect.flushAll();
      }
    });
  });
});
