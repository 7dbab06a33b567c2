import { type TRPCClient, TRPCClientError } from '@trpc/client';
import { beforeEach, expect, vi } from 'vitest';
import { loadConfig } from '../../src/config.js';
import type { AppRouter, ErrorData } from '../../src/contract.js';
import { createLog } from '../../src/log.js';
import { type Service, startService } from '../../src/service.js';
import { createClient } from './clients.js';
import { useFixture } from './fixture.js';
import { type Controls, createControls, startTestSimulator, type TestSimulator } from './simulator.js';

/** The token of the service under test, which must not appear anywhere else. */
export const canaryToken = 'canary-token-7f3a9c';

/** The real service on a free port, with its log and a typed client. */
export interface TestService extends Service {
  /** Its origin, as supertest accepts it. */
  readonly address: string;
  readonly client: TRPCClient<AppRouter>;
  /** The controls of the built-in simulator, if the service uses it. */
  readonly simulator: Controls;
  /** Every log line as written, at the level `trace`. */
  readonly logged: readonly string[];
  /** The parsed log lines with all of the given fields. */
  lines(fields: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[];
}

/** The URL of the Redis database for the next service that is started without one. */
let nextRedis: (() => string) | undefined;

/**
 * Gives each service that is started without a Redis its own database in this one.
 *
 * @returns a function that undoes this
 */
export function useRedisForAllServices(url: string): () => void {
  let count = 0;
  nextRedis = () => `${url}/${count++}`;
  return () => {
    nextRedis = undefined;
  };
}

/** Resolves when the service at an address reports that it is ready. */
export const untilReady = (address: string): Promise<void> =>
  vi.waitFor(async () => expect((await fetch(`${address}/readyz`)).status).toBe(200), { timeout: 60_000 });

/** Starts the service as `main` does, with the given settings. */
export async function startTestService(env: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const logged: string[] = [];
  const log = createLog('trace', { write: (line: string) => void logged.push(line) });
  const redis = env['REDIS_URL'] === undefined ? nextRedis?.() : undefined;
  const kept = redis === undefined ? {} : { REDIS_URL: redis };
  const service = await startService(loadConfig({ PORT: '0', SIGN_IN: 'off', ...kept, ...env }), log);
  const address = service.url.origin;
  if (redis !== undefined) {
    await untilReady(address);
  }
  return {
    ...service,
    address,
    client: createClient(address),
    simulator: createControls(service.simulatorUrl?.origin ?? ''),
    logged,
    lines: (fields) =>
      logged
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value)),
  };
}

/**
 * Starts a service before the tests of a file or suite, and stops it after the last one.
 *
 * @param env its settings, or a function that is called when it is started
 */
export function useService(
  env: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>) = {},
): TestService {
  return useFixture(
    () => startTestService(typeof env === 'function' ? env() : env),
    (service) => service.stop(),
  );
}

/** The settings for calls to a simulator, or another Graph, with a token that it accepts. */
export const liveSettings = ({ baseUrl }: Pick<TestSimulator, 'baseUrl'>, token = canaryToken) => ({
  GRAPH_CREDENTIAL: 'access-token',
  GRAPH_ACCESS_TOKEN: token,
  GRAPH_BASE_URL: baseUrl,
});

/**
 * Starts a simulator that accepts a token, and closes it.
 *
 * @param lifetime whether all tests of the file or suite share the simulator, or each test has its own
 */
export function useSimulator(token: string, lifetime: 'suite' | 'test' = 'suite'): TestSimulator {
  return useFixture(
    async () => {
      const simulator = await startTestSimulator();
      await simulator.register(token);
      return simulator;
    },
    (simulator) => simulator.close(),
    lifetime,
  );
}

/** A service and the simulator that it uses as Graph, connected like a real tenant, by address and token. */
export interface Pair {
  readonly simulator: TestSimulator;
  readonly service: TestService;
  stop(): Promise<void>;
}

/** Starts a pair. The deadline of calls is 3 s by default, so that tests of it don't wait for half a minute. */
export async function startPair(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const simulator = await startTestSimulator();
  await simulator.register(canaryToken);
  const service = await startTestService({
    ...liveSettings(simulator),
    GRAPH_DEADLINE_MS: '3000',
    ...env,
  });
  return {
    simulator,
    service,
    async stop() {
      await simulator.reset();
      await service.stop();
      await simulator.close();
    },
  };
}

/**
 * Starts a pair before the tests of a file or suite, resets the simulator before each of them, and stops the pair after
 * the last one.
 *
 * @param graph settings of the simulator
 */
export function usePair(
  env: Readonly<Record<string, string>> = {},
  graph: Readonly<Record<string, unknown>> = {},
): Pair {
  const pair = useFixture(
    async () => {
      const started = await startPair(env);
      await started.simulator.settings(graph);
      return started;
    },
    (started) => started.stop(),
  );
  beforeEach(() => pair.simulator.reset());
  return pair;
}

/** The `error.data` of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<ErrorData & { readonly message: string }> {
  const error: unknown = await call.then(
    (value) => new Error(`succeeded with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TRPCClientError)) throw error;
  const { data } = error as TRPCClientError<AppRouter>;
  if (!data) throw error;
  return { ...data, message: error.message };
}
