import type { SimulatorFault } from './faults/fault-names.js';
import type { SimulatedRequest } from './graph/request.js';
import type { SimulatedResponse } from './graph/response.js';

/** One Graph request, or one item of a batch. */
export interface JournalEntry {
  /** The number of the entry, in order of arrival. */
  readonly n: number;
  /** Milliseconds since the simulator started. */
  readonly atMs: number;
  /** When the response was sent; null before that, and if no response is ever sent. */
  answeredAtMs: number | null;
  readonly method: string;
  /** As received, with the query. */
  readonly path: string;
  /** The status of the response; null while `answeredAtMs` is null. */
  status: number | null;
  /** Whether the request changed the tenant. Always false for a batch: its items have their own entries. */
  applied: boolean;
  readonly clientRequestId: string | null;
  /** The id of the batch item; null for an HTTP request. */
  readonly batchItem: string | null;
  /** The `n` of the item's batch; null for an HTTP request. */
  readonly batch: number | null;
  fault: SimulatorFault | null;
  /** JSON, or text if the body is not JSON; null if there is none. */
  readonly body: unknown;
  readonly approval: { readonly justification: string | null; readonly code: string | null };
}

/** An entry with the body as received: it is parsed when the entry is listed. */
interface RecordedEntry extends JournalEntry {
  readonly body: string;
}

/** Records Graph requests in order of arrival. Never contains tokens. */
export interface Journal {
  /** Records the arrival of a request, or of an item of the batch with the number `batch`. */
  record(request: SimulatedRequest, batch: number | null): JournalEntry;
  /** Records the response to the entry's request. */
  complete(entry: JournalEntry, response: SimulatedResponse): void;
  /** The entries whose `n` is greater than `after`. */
  entries(after: number): readonly JournalEntry[];
  clear(): void;
}

// The simulator may run for days. The oldest entries are removed many at a time, which keeps recording fast.
const capacity = 250_000;
const removedAtOnce = 50_000;

/** Creates an empty journal. */
export function createJournal(): Journal {
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  let entries: RecordedEntry[] = [];
  let count = 0;

  return {
    record({ method, path, headers, body, batchItem }, batch) {
      count += 1;
      const entry: RecordedEntry = {
        n: count,
        atMs: elapsedMs(),
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
      if (entries.length === capacity + removedAtOnce) entries = entries.slice(removedAtOnce);
      return entry;
    },
    complete(entry, { status, failure }) {
      if (failure === 'reset' || failure === 'stall') return;
      entry.status = status;
      entry.answeredAtMs = elapsedMs();
    },
    // The numbers have no gaps, and the newest entry's is `count`: the index follows from `after`.
    entries: (after) =>
      entries
        .slice(Math.max(0, after - (count - entries.length)))
        .map((entry) => ({ ...entry, body: parseBody(entry.body) })),
    clear() {
      entries = [];
    },
  };
}

function parseBody(body: string): unknown {
  if (body === '') return null;
  try {
    // Batch items can have an Authorization header.
    return JSON.parse(body, (name, value: unknown) => (/^authorization$/i.test(name) ? '[redacted]' : value));
  } catch {
    return body;
  }
}
