import { expect, vi } from 'vitest';
import { clientWith, delegated, findState, signInUser, type TestUser } from './delegated.js';
import { addressOf, startProgram } from './process.js';
import { startProvider, type TestProvider } from './provider.js';
import { startRedis, type TestRedis } from './redis.js';
import { startTestService, type TestService } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import type { KnownState } from './states.js';

/** One of several services that share a Redis. */
export type Replica = Pick<TestService, 'url' | 'address' | 'client' | 'stop'> & {
  /** Whether it says that it is ready. */
  readonly ready: () => Promise<number>;
  /** Ends it without a chance to tidy up. Only for one that is a process. */
  readonly kill: () => Promise<void>;
  /** What it logged so far. */
  readonly logged: readonly string[];
};

/** Two replicas, a Redis, a provider where people sign in, and a simulated Graph that knows their tokens. */
export interface Replicas {
  readonly redis: TestRedis;
  readonly provider: TestProvider;
  readonly simulator: TestSimulator;
  readonly one: Replica;
  readonly two: Replica;
  /** Those of the replicas. */
  readonly settings: Readonly<Record<string, string>>;
  readonly known: KnownState;
  /** Signs a user in at the first replica. `elsewhere` calls the second replica with the same cookies. */
  signIn(): Promise<TestUser & { readonly elsewhere: Replica['client'] }>;
  stop(): Promise<void>;
}

/** Starts them, in this process or as two of their own. */
export async function startReplicas(
  where: 'here' | 'processes',
  env: Readonly<Record<string, string>> = {},
): Promise<Replicas> {
  const [redis, simulator] = await Promise.all([startRedis(), startTestSimulator()]);
  const known = await findState(simulator);
  const provider = await startProvider({ register: (token) => simulator.register(token) });
  const settings = { ...delegated(simulator, provider), REDIS_URL: redis.url, ...env };
  const start = where === 'here' ? startHere : startProcess;
  const [one, two] = await Promise.all([start(settings), start(settings)]);
  for (const replica of [one, two]) await untilReady(replica);
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
      await simulator.reset();
      await Promise.all([one.stop(), two.stop()]);
      await provider.stop();
      await simulator.close();
      await redis.close();
    },
  };
}

const readiness = async (address: string) => (await fetch(`${address}/readyz`)).status;

/** Resolves when a replica says that it is ready. */
export const untilReady = ({ ready }: Pick<Replica, 'ready'>): Promise<void> =>
  vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 10_000 });

async function startHere(settings: Readonly<Record<string, string>>): Promise<Replica> {
  const service = await startTestService(settings);
  return {
    ...service,
    ready: () => readiness(service.address),
    kill: () => Promise.reject(new Error('it lives in this process')),
  };
}

async function startProcess(settings: Readonly<Record<string, string>>): Promise<Replica> {
  const program = startProgram('dist/main.js', { ...settings, PORT: '0' });
  const address = await addressOf(program);
  const end = async (signal: NodeJS.Signals) => {
    program.child.kill(signal);
    await program.exited;
  };
  return {
    url: new URL(address),
    address,
    client: clientWith({ address }, () => []),
    logged: program.stdout,
    ready: () => readiness(address),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
