import type { Answer } from './answers.js';
import type { SimulatorFault } from './fault-names.js';
import type { GraphRequest } from './request.js';

/** One Graph request, or one item of a batch, as the simulator saw it. Holds no token. */
interface JournalEntry {
  readonly n: number;
  /** Milliseconds since the simulator started. */
  readonly atMs: number;
  answeredAtMs: number | null;
  readonly method: string;
  /** As it came, query included. */
  readonly path: string;
  /** Null while there is no answer, and for an answer that never comes. */
  status: number | null;
  /** Whether the request changed the tenant. A batch's items say so, the batch doesn't. */
  applied: boolean;
  readonly clientRequestId: string | null;
  readonly batchItem: string | null;
  fault: SimulatorFault | null;
  /** As JSON, or as text where it is none. */
  readonly body: unknown;
  readonly approval: { readonly justification: string | null; readonly code: string | null };
}

/** What happened, in order of arrival. */
export interface Journal {
  /** Notes the arrival of a request; what becomes of it is filled in later. */
  note(request: GraphRequest): JournalEntry;
  answered(entry: JournalEntry, answer: Answer): void;
  entries(): readonly JournalEntry[];
  clear(): void;
}

// The simulator may run for days: the oldest entries make room.
const capacity = 50_000;

/** Starts an empty journal. */
export function createJournal(): Journal {
  const startedAt = performance.now();
  const sinceStart = () => Math.round(performance.now() - startedAt);
  let entries: JournalEntry[] = [];
  let count = 0;

  return {
    note({ method, path, headers, body, batchItem }) {
      count += 1;
      const entry: JournalEntry = {
        n: count,
        atMs: sinceStart(),
        answeredAtMs: null,
        method,
        path,
        status: null,
        applied: false,
        clientRequestId: headers['client-request-id'] ?? null,
        batchItem,
        fault: null,
        body: readable(body),
        approval: {
          justification: headers['x-msft-approval-justification'] ?? null,
          code: headers['x-msft-approval-code'] ?? null,
        },
      };
      entries.push(entry);
      if (entries.length > capacity) entries.shift();
      return entry;
    },
    answered(entry, { status, delivery }) {
      if (delivery === 'reset' || delivery === 'stall') return;
      entry.status = status;
      entry.answeredAtMs = sinceStart();
    },
    entries: () => entries,
    clear() {
      entries = [];
    },
  };
}

function readable(body: string): unknown {
  if (body === '') return null;
  try {
    // The headers of a batch's items may carry tokens.
    return JSON.parse(body, (name, value: unknown) => (/^authorization$/i.test(name) ? '[redacted]' : value));
  } catch {
    return body;
  }
}
