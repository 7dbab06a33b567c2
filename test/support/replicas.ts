import { afterEach } from 'vitest';
import { clientWith } from './clients.js';
import { delegated, signInUser, type TestUser } from './delegated.js';
import { type Lifetime, useFixture } from './fixture.js';
import { addressOf, startProgram } from './program.js';
import { startProvider, type TestProvider } from './provider.js';
import { startRedis, type TestRedis } from './redis.js';
import { startTestService, type TestService, untilReady } from './service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from './simulator.js';
import { findState, type KnownState } from './states.js';

/** One of several services that share a Redis. */
export type Replica = Pick<TestService, 'url' | 'address' | 'client' | 'logged' | 'stop'> & {
  /** Kills the process. Only a replica in its own process supports this. */
  readonly kill: () => Promise<void>;
};

/** Two replicas, a Redis, an identity provider, and a simulated Graph that accepts its tokens. */
export interface Replicas {
  readonly redis: TestRedis;
  readonly provider: TestProvider;
  readonly simulator: TestSimulator;
  readonly one: Replica;
  readonly two: Replica;
  /** The settings of the replicas. */
  readonly settings: Readonly<Record<string, string>>;
  readonly known: KnownState;
  /** Signs a user in at the first replica. `elsewhere` calls the second replica with the same cookies. */
  signIn(): Promise<TestUser & { readonly elsewhere: Replica['client'] }>;
  stop(): Promise<void>;
}

/** Starts replicas in this process, or each in its own process. */
async function startReplicas(
  where: 'here' | 'processes',
  env: Readonly<Record<string, string>> = {},
): Promise<Replicas> {
  const [redis, simulator] = await Promise.all([startRedis(), startTestSimulator()]);
  const known = await findState(simulator);
  const provider = await startProvider({ register: (token) => simulator.register(token) });
  const settings = { ...delegated(simulator, provider), REDIS_URL: redis.url, ...env };
  const start = where === 'here' ? startHere : startProcess;
  const [one, two] = await Promise.all([start(settings), start(settings)]);
  for (const { address } of [one, two]) await untilReady(address);
  return {
    redis,
    provider,
    simulator,
    one,
    two,
    settings,
    known,
    async signIn() {
      const own = await signInUser(one, provider.issuer);
      return { ...own, elsewhere: clientWith(two, () => own.agent.cookies()) };
    },
    async stop() {
      redis.resume();
      await stopWithSimulator(simulator, one, two, provider);
      await redis.close();
    },
  };
}

/**
 * Starts replicas for the tests of a file or suite, resets the simulator after each test, and stops them at the end.
 */
export function useReplicas(
  where: 'here' | 'processes',
  env: Readonly<Record<string, string>> = {},
  lifetime: Lifetime = 'suite',
): Replicas {
  const replicas = useFixture(
    () => startReplicas(where, env),
    (started) => started.stop(),
    lifetime,
  );
  afterEach(() => replicas.simulator.reset());
  return replicas;
}

async function startHere(settings: Readonly<Record<string, string>>): Promise<Replica> {
  const service = await startTestService(settings);
  return {
    ...service,
    kill: () => Promise.reject(new Error('the replica runs in the process of the test')),
  };
}

async function startProcess(settings: Readonly<Record<string, string>>): Promise<Replica> {
  const program = startProgram('dist/main.js', { ...settings, PORT: '0' });
  const address = await addressOf(program);
  return {
    url: new URL(address),
    address,
    client: clientWith({ address }, () => []),
    logged: program.stdout,
    kill: () => program.stop('SIGKILL'),
    stop: () => program.stop('SIGTERM'),
  };
}
