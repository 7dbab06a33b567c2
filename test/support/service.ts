import type { TRPCClient } from '@trpc/client';
import { expect, vi } from 'vitest';
import { type AuditTrail, openTrailFile } from '../../src/audit/trail.js';
import { loadConfig } from '../../src/config.js';
import type { AppRouter } from '../../src/contract.js';
import { createLog } from '../../src/log.js';
import { type Service, startService } from '../../src/service.js';
import { createClient } from './clients.js';
import { type Controls, createControls } from './controls.js';
import { useFixture } from './fixture.js';
import type { TestSimulator } from './simulator.js';

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
  /** The audit lines with the outcomes of writes. */
  outcomes(fields?: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[];
}

/** The URL of the Redis database for the next service that is started without one. */
let nextRedis: (() => string) | undefined;

/** Gives each service that is started without a Redis its own database in this one. */
export function setDefaultRedis(url: string): void {
  let count = 0;
  nextRedis = () => `${url}/${count++}`;
}

/** Resolves when the service at an address reports that it is ready. */
export const untilReady = (address: string): Promise<void> =>
  vi.waitFor(async () => expect((await fetch(`${address}/readyz`)).status).toBe(200), { timeout: 60_000 });

/** A trail whose lines are among those of the log. */
export const loggedTrail = (logged: string[]): AuditTrail => ({
  isUp: true,
  failed: 0,
  append: async (line) => void logged.push(line),
});

/** Starts the service as `main` does, with the given settings. */
export async function startTestService(env: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const logged: string[] = [];
  const log = createLog('trace', { write: (line: string) => void logged.push(line) });
  const redis = env['REDIS_URL'] === undefined ? nextRedis?.() : undefined;
  const kept = redis === undefined ? {} : { REDIS_URL: redis };
  const config = loadConfig({ PORT: '0', SIGN_IN: 'off', ...kept, ...env });
  const file = config.AUDIT_LOG === 'stdout' ? undefined : openTrailFile(config.AUDIT_LOG, () => undefined);
  const service = await startService(config, { log, droppedLines: () => 0, trail: file ?? loggedTrail(logged) });
  const address = service.url.origin;
  if (redis !== undefined) {
    await untilReady(address);
  }
  const lines: TestService['lines'] = (fields) =>
    logged
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
  return {
    ...service,
    address,
    client: createClient(address),
    simulator: createControls(service.simulatorUrl?.origin ?? ''),
    logged,
    lines,
    outcomes: (fields = {}) => lines({ log: 'audit', phase: 'outcome', ...fields }),
    async stop() {
      await service.stop();
      await file?.close();
    },
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
