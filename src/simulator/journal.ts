import type { SimulatorFault } from './faults/fault-names.js';
import type { Answer } from './graph/answers.js';
import type { GraphRequest } from './graph/request.js';

/** One Graph request, or one item of a batch, as the simulator saw it. */
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
  /** The `n` of the item's batch. */
  readonly batch: number | null;
  fault: SimulatorFault | null;
  /** As it came: it is read when it is shown. */
  readonly body: string;
  readonly approval: { readonly justification: string | null; readonly code: string | null };
}

/** What happened, in order of arrival. */
export interface Journal {
  /** Notes the arrival of a request, or of an item of the batch whose `n` is given; its outcome is filled in later. */
  note(request: GraphRequest, batch: number | null): JournalEntry;
  answered(entry: JournalEntry, answer: Answer): void;
  /** Those whose `n` is greater than `after`, with bodies as JSON, or as text where they are none; never a token. */
  entries(after: number): readonly object[];
  clear(): void;
}

// The simulator may run for days: the oldest entries make room, many at a time so that it costs little.
const capacity = 250_000;
const dropped = 50_000;

/** Starts an empty journal. */
export function createJournal(): Journal {
  const startedAt = performance.now();
  const sinceStart = () => Math.round(performance.now() - startedAt);
  let entries: JournalEntry[] = [];
  let count = 0;

  return {
    note({ method, path, headers, body, batchItem }, batch) {
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
        batch,
        fault: null,
        body,
        approval: {
          justification: headers['x-msft-approval-justification'] ?? null,
          code: headers['x-msft-approval-code'] ?? null,
        },
      };
      entries.push(entry);
      if (entries.length === capacity + dropped) entries = entries.slice(dropped);
      return entry;
    },
    answered(entry, { status, delivery }) {
      if (delivery === 'reset' || delivery === 'stall') return;
      entry.status = status;
      entry.answeredAtMs = sinceStart();
    },
    // They are numbered without gaps, the newest with the count.
    entries: (after) =>
      entries
        .slice(Math.max(0, after - (count - entries.length)))
        .map((entry) => ({ ...entry, body: readable(entry.body) })),
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
