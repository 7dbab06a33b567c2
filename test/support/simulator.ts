import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';
import { type Controls, createControls } from './controls.js';
import { type Lifetime, useFixture } from './fixture.js';

/** A running simulator with its controls. */
export interface TestSimulator extends Simulator, Controls {}

/** Starts a simulator with its controls. @param token a token that it accepts, in addition to those that it issues */
export async function startTestSimulator({
  token,
  ...options
}: SimulatorOptions & { readonly token?: string } = {}): Promise<TestSimulator> {
  const simulator = await startSimulator(options);
  const controls = createControls(simulator.url);
  if (token !== undefined) await controls.register(token);
  return { ...simulator, ...controls };
}

/** Starts a simulator that accepts a token, and closes it. */
export function useSimulator(token: string, lifetime: Lifetime = 'suite'): TestSimulator {
  return useFixture(
    () => startTestSimulator({ token }),
    (simulator) => simulator.close(),
    lifetime,
  );
}

/**
 * Stops services in order, and then the simulator that they call. Removes its faults first, because a service waits for
 * its calls before it stops.
 */
export async function stopWithSimulator(
  simulator: TestSimulator,
  ...services: readonly { readonly stop: () => Promise<void> }[]
): Promise<void> {
  await simulator.reset();
  for (const service of services) await service.stop();
  await simulator.close();
}
