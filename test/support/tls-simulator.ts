import type { DeviceManagementScriptUserState } from '@microsoft/microsoft-graph-types-beta';
import { Agent, install, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach } from 'vitest';
import { startTestSimulator, type TestSimulator } from './simulator.js';

/** The hosts under which clients address the simulator. Its links have the host of their request. */
export const hosts = ['localhost', '127.0.0.1'] as const;

/** A user state as Graph sends it. */
export type UserState = DeviceManagementScriptUserState & { readonly id: string };

/** The https simulator of the current test. */
export interface TlsSimulator {
  simulator: TestSimulator;
  /** The path of a script with 140 user states, relative to the base URL. */
  scriptPath: string;
  /** The path of its user states. */
  statesPath: string;
  /** The ids of all its user states, in the order of the list. */
  stateIds: readonly string[];
  /** `https://HOST:PORT` */
  readonly origin: (host: (typeof hosts)[number]) => string;
  /** The path of a user state, relative to the base URL. */
  readonly statePath: (id: string) => string;
  /** The method, fault and status of each request that the simulator received, batch items included, in order. */
  readonly received: () => Promise<readonly string[]>;
}

/**
 * Starts a simulator with TLS before each test and closes it after the test. The global `fetch` trusts its certificate,
 * as it does in a process that is started with `NODE_EXTRA_CA_CERTS`.
 */
export function useTlsSimulator(): TlsSimulator {
  let agent: Agent;
  // The properties are assigned before each test.
  const context = {} as TlsSimulator;

  // Node's own fetch does not accept the dispatchers of every version of undici.
  install();
  beforeEach(async () => {
    const simulator = await startTestSimulator({ tls: true });
    agent = new Agent({ connect: { ca: simulator.tls?.certificate ?? '' } });
    setGlobalDispatcher(agent);
    context.simulator = simulator;

    const { token = '' } = (await simulator.credential.getToken('scope')) ?? {};
    const read = async (path: string): Promise<readonly { readonly id: string }[]> => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${simulator.baseUrl}${path}`, { headers });
      return ((await response.json()) as { value: readonly { readonly id: string }[] }).value;
    };
    const script = (await read('/deviceManagement/deviceShellScripts'))[3];
    context.scriptPath = `/deviceManagement/deviceShellScripts/${script?.id}`;
    context.statesPath = `${context.scriptPath}/userRunStates`;
    context.stateIds = (await read(`${context.statesPath}?$top=1000`)).map(({ id }) => id);
    await simulator.reset();
  });
  afterEach(async () => {
    await agent.close();
    await context.simulator.close();
  });

  return Object.assign(context, {
    origin(host: string) {
      const url = new URL(context.simulator.tls?.url ?? '');
      url.hostname = host;
      return url.origin;
    },
    statePath: (id: string) => `${context.statesPath}/${encodeURIComponent(id)}`,
    received: async () =>
      (await context.simulator.journal()).map(({ method, fault, status }) =>
        [method, ...(fault === null ? [] : [fault]), status].join(' '),
      ),
  });
}
