import { beforeEach } from 'vitest';
import { type Lifetime, useFixture } from './fixture.js';
import { canaryToken, liveSettings, startTestService, type TestService } from './service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from './simulator.js';

/** A service and the simulator that it uses as Graph, connected like a real tenant, by address and token. */
export interface Pair {
  readonly simulator: TestSimulator;
  readonly service: TestService;
  stop(): Promise<void>;
}

/** Starts a pair. The deadline of calls is 6 s by default, so that tests of it don't wait for half a minute. */
export async function startPair(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const simulator = await startTestSimulator({ token: canaryToken });
  const service = await startTestService({
    ...liveSettings(simulator),
    GRAPH_DEADLINE_MS: '6000',
    ...env,
  });
  return { simulator, service, stop: () => stopWithSimulator(simulator, service) };
}

/**
 * Starts a pair, resets its simulator before each test, and stops the pair.
 *
 * @param graph settings of the simulator
 */
export function usePair(
  env: Readonly<Record<string, string>> = {},
  graph: Readonly<Record<string, unknown>> = {},
  lifetime: Lifetime = 'suite',
): Pair {
  const pair = useFixture(
    async () => {
      const started = await startPair(env);
      await started.simulator.settings(graph);
      return started;
    },
    (started) => started.stop(),
    lifetime,
  );
  beforeEach(() => pair.simulator.reset());
  return pair;
}
