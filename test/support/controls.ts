import { z } from 'zod';
import type { faultRule } from '../../src/simulator/faults/fault-rules.js';
import type { ApprovalStatus } from '../../src/simulator/graph/approvals.js';
import type { JournalEntry as RecordedEntry } from '../../src/simulator/journal.js';

/** A fault rule, as `POST /simulator/faults` accepts it. */
export type FaultRule = Readonly<z.input<typeof faultRule>>;

/** An entry of the journal, as `GET /simulator/journal` returns it. */
export type JournalEntry = Readonly<RecordedEntry>;

const identityCounts = z.object({ refreshes: z.int(), codeGrants: z.int(), signIns: z.int() });

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
  /** Sets the status of an approval request. */
  setApproval(code: string, status: ApprovalStatus): Promise<void>;
  /** Removes the approval requests: the same change can be filed again. */
  clearApprovals(): Promise<void>;
  /** Changes the behavior of the identity provider. */
  identitySettings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** The counters of the identity provider. */
  identityCounts(): Promise<z.infer<typeof identityCounts>>;
  /** Removes the fault rules and empties the journal. */
  reset(): Promise<void>;
}

/** Sends a request to a control endpoint of the simulator at a URL. */
export const sendControl = (url: string, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${url}/simulator/${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** Creates a client of the control endpoints at the simulator's URL. Its methods reject on any status but 2xx. */
export function createControls(url: string): Controls {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await sendControl(url, method, path, body);
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
    setApproval: async (code, status) => void (await send('PATCH', `approvals/${code}`, { status })),
    clearApprovals: async () => void (await send('DELETE', 'approvals')),
    identitySettings: async (settings) => void (await send('PATCH', 'identity', settings)),
    identityCounts: async () => identityCounts.parse(await send('GET', 'identity')),
    async reset() {
      await send('DELETE', 'faults');
      await send('DELETE', 'journal');
    },
  };
}
