import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { delegated, signInUser, type TestUser } from '../support/delegated.js';
import { type Forwarder, startForwarder } from '../support/forwarder.js';
import { patches } from '../support/journal.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { canaryToken, liveSettings, startTestService, type TestService, untilReady } from '../support/service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from '../support/simulator.js';
import { findState, type KnownState } from '../support/states.js';

describeWithRedis('a Redis that is far away', () => {
  const server = useRedis();
  let far: Forwarder;
  let simulator: TestSimulator;
  let provider: TestProvider;
  let service: TestService;
  let user: TestUser;
  let known: KnownState;

  describe.each(['the token of the user', 'the token of the service'])('with %s', (whose) => {
    beforeEach(async () => {
      // 200 ms for each round trip.
      far = await startForwarder(Number(new URL(server.url).port), 100);
      simulator = await startTestSimulator({ token: canaryToken });
      known = await findState(simulator);
      provider = await startProvider({ register: (token) => simulator.register(token) });
      const settings = { ...delegated(simulator, provider), GRAPH_DEADLINE_MS: '60000' };
      service = await startTestService({
        ...settings,
        ...(whose === 'the token of the service' ? liveSettings(simulator) : {}),
        REDIS_URL: `redis://127.0.0.1:${far.port}`,
      });
      await untilReady(service.address);
      user = await signInUser(service, provider.issuer);
    });
    afterEach(async () => {
      await stopWithSimulator(simulator, service, provider);
      await far.close();
    });

    test('an update waits for three round trips before it is sent, and for none after it', async () => {
      const counts: (readonly [before: number, after: number])[] = [];
      for (let count = 1; count <= 5; count++) {
        await simulator.reset();
        await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 1_000 });
        await expect.poll(() => far.isIdle, { interval: 5 }).toBe(true);
        const start = far.roundTrips;
        const update = user.client.scriptUserState.update.mutate({
          ...known.target,
          patch: { errorDeviceCount: count },
        });
        await expect.poll(() => patches(simulator), { interval: 5 }).toHaveLength(1);
        const sent = far.roundTrips;
        await update;
        counts.push([sent - start, far.roundTrips - sent]);
      }
      // A heartbeat may add to some of them.
      expect([median(counts.map(([before]) => before)), counts]).toEqual([3, counts]);
      // The slot and the ticket are released at the same time as the caller gets the response.
      expect(median(counts.map(([, after]) => after))).toBeLessThanOrEqual(1);
    });
  });
});

const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1];
