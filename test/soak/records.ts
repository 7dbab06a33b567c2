import { z } from 'zod';
import { scriptKinds } from '../../src/graph/ids.js';
import { userStatePath, userStatesPath } from '../../src/graph/paths.js';
import type { BenchSimulator } from '../bench/simulator.js';
import type { JournalEntry } from '../support/controls.js';
import type { AuditRecord, JournalRecord } from './checker.js';

/** Converts an entry of the simulator's journal. */
export function toJournalRecord({ atMs, method, path, body, applied, status, fault }: JournalEntry): JournalRecord {
  const { errorDeviceCount, successDeviceCount } = Object(body) as Record<string, unknown>;
  const value = { PATCH: errorDeviceCount, POST: successDeviceCount }[method];
  return {
    atMs,
    method: path.endsWith('/$batch') ? 'GET' : method,
    path: path.replace(/^\/beta\//, ''),
    value: typeof value === 'number' ? String(value) : null,
    applied,
    status,
    fault,
  };
}

/** When the journal of a simulator started, by `Date.now()`: never too early, and late by a fast request. */
export async function startOfJournal(simulator: BenchSimulator): Promise<number> {
  let startedAtMs = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 5; count++) {
    await fetch(simulator.baseUrl, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    const at = Date.now();
    const last = (await simulator.journal()).at(-1);
    if (last !== undefined) startedAtMs = Math.min(startedAtMs, at - last.atMs);
  }
  return startedAtMs;
}

const writeLine = z.object({
  time: z.number(),
  phase: z.enum(['intent', 'outcome']),
  action: z.enum(['update', 'create', 'delete']),
  scriptKind: z.enum(scriptKinds),
  scriptId: z.string(),
  userStateId: z.string().optional(),
  counts: z.object({ successDeviceCount: z.number().optional(), errorDeviceCount: z.number().optional() }).optional(),
  outcome: z.string().optional(),
});

/** The lines of writes in a trail. */
export interface ParsedTrail {
  readonly records: readonly AuditRecord[];
  /** The number of lines that the end of a process has left incomplete. */
  readonly incomplete: number;
}

/** Parses a trail. @param startedAtMs the start of the simulator, to which the times in its journal relate */
export function parseTrail(text: string, startedAtMs: number): ParsedTrail {
  const records: AuditRecord[] = [];
  let incomplete = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const { data } = writeLine.safeParse(JSON.parse(line));
      if (data !== undefined) records.push(toAuditRecord(data, startedAtMs));
    } catch {
      incomplete++;
    }
  }
  return { records, incomplete };
}

function toAuditRecord(line: z.infer<typeof writeLine>, startedAtMs: number): AuditRecord {
  const { time, phase, action, scriptKind, scriptId, userStateId = '', counts, outcome = null } = line;
  const script = { scriptKind, scriptId };
  const values = { update: counts?.errorDeviceCount, create: counts?.successDeviceCount, delete: undefined };
  return {
    atMs: time - startedAtMs,
    phase,
    action,
    path: action === 'create' ? userStatesPath(script) : userStatePath({ ...script, userStateId }),
    value: values[action] === undefined ? null : String(values[action]),
    outcome,
  };
}
