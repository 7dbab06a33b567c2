import type { SimulatorFault } from '../../src/simulator/faults/fault-names.js';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.js';
import { startSimulator } from '../../src/simulator/simulator.js';

/** A rule for what goes wrong next. */
export interface FaultRule {
  readonly fault: SimulatorFault;
  readonly times?: number | 'always';
  readonly method?: string;
  readonly path?: string;
  readonly retryAfter?: 'seconds' | 'fractional' | 'date' | 'nested' | 'none';
  readonly delayMs?: number;
}

/** What the simulator noted of one request to Graph. */
export interface JournalEntry {
  readonly n: number;
  readonly atMs: number;
  /** Null while there is no answer, and for one that never comes. */
  readonly answeredAtMs: number | null;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly applied: boolean;
  readonly clientRequestId: string | null;
  /** The item's id, and the `n` of its batch; null for a request of its own. */
  readonly batchItem: string | null;
  readonly batch: number | null;
  readonly fault: SimulatorFault | null;
  readonly body: unknown;
  readonly approval: { readonly justification: string | null; readonly code: string | null };
}

/** The simulator's control endpoints, at hand. */
export interface Controls {
  /** Registers a literal token as valid. */
  register(token: string, roles?: readonly string[]): Promise<void>;
  fault(...rules: readonly FaultRule[]): Promise<void>;
  settings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** What it noted; only the entries whose `n` is greater than `after`, when that is given. */
  journal(after?: number): Promise<readonly JournalEntry[]>;
  approve(code: string): Promise<void>;
  /** Forgets faults and journal. */
  reset(): Promise<void>;
}

/** A running simulator and its controls. */
export interface TestSimulator extends Simulator, Controls {}

/** Steers the simulator at an address, over HTTP. */
export function steer(url: string): Controls {
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/simulator/${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  return {
    register: async (token, roles) => void (await control('POST', 'tokens', { token, ...(roles && { roles }) })),
    fault: async (...rules) => void (await control('POST', 'faults', rules)),
    settings: async (settings) => void (await control('PATCH', 'settings', settings)),
    journal: async (after = 0) =>
      ((await control('GET', `journal?after=${after}`)) as { entries: JournalEntry[] }).entries,
    approve: async (code) => void (await control('POST', `approvals/${code}`)),
    async reset() {
      await control('DELETE', 'faults');
      await control('DELETE', 'journal');
    },
  };
}

/** Starts a simulator of the test's own. */
export async function startTestSimulator(options?: SimulatorOptions): Promise<TestSimulator> {
  const simulator = await startSimulator(options);
  return { ...simulator, ...steer(simulator.url) };
}
