import type { z } from 'zod';
import type { faultRule } from '../../src/simulator/faults/fault-rules.js';
import type { JournalEntry as RecordedEntry } from '../../src/simulator/journal.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';

/** A fault rule, as `POST /simulator/faults` accepts it. */
export type FaultRule = Readonly<z.input<typeof faultRule>>;

/** An entry of the journal, as `GET /simulator/journal` returns it. */
export type JournalEntry = Readonly<RecordedEntry>;

/** A client of the simulator's control endpoints. */
export interface Controls {
  /** Makes the simulator accept a token with this text. */
  register(token: string, roles?: readonly string[]): Promise<void>;
  /** Adds fault rules. */
  fault(...rules: readonly FaultRule[]): Promise<void>;
  settings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** The entries of the journal whose `n` is greater than `after`, 0 by default. */
  journal(after?: number): Promise<readonly JournalEntry[]>;
  approve(code: string): Promise<void>;
  /** Removes the fault rules and the approval requests, and empties the journal. */
  reset(): Promise<void>;
}

/** A running simulator with its controls. */
export interface TestSimulator extends Simulator, Controls {}

/** Creates a client of the control endpoints at the simulator's URL. Its methods reject on any status but 2xx. */
export function createControls(url: string): Controls {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/simulator/${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  return {
    register: async (token, roles) => void (await send('POST', 'tokens', { token, ...(roles && { roles }) })),
    fault: async (...rules) => void (await send('POST', 'faults', rules)),
    settings: async (settings) => void (await send('PATCH', 'settings', settings)),
    journal: async (after = 0) =>
      ((await send('GET', `journal?after=${after}`)) as { entries: readonly JournalEntry[] }).entries,
    approve: async (code) => void (await send('POST', `approvals/${code}`)),
    async reset() {
      await send('DELETE', 'faults');
      await send('DELETE', 'approvals');
      await send('DELETE', 'journal');
    },
  };
}

/** Starts a simulator with its controls. */
export async function startTestSimulator(options?: SimulatorOptions): Promise<TestSimulator> {
  const simulator = await startSimulator(options);
  return { ...simulator, ...createControls(simulator.url) };
}
