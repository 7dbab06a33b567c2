import type { BulkPlan, BulkResult } from './bulk.js';
import type { MemoryResult } from './memory.js';
import type { QuotaPlan, QuotaResult } from './quota.js';
import { percentile } from './statistics.js';
import { mebibytes, range, table, whole } from './table.js';

/** Reports bulk updates without a quota. */
export function reportBulk(
  { latencyMs, oneByOne, rounds, updates, warmUps }: BulkPlan,
  results: readonly BulkResult[],
): string {
  const rows = results.map(({ name, seconds, graphRequests }) => [
    name,
    range(seconds, 2),
    [...new Set(graphRequests)].map(whole).join(', '),
  ]);
  return `### ${whole(updates)} updates at once, no quota

${table(['', 'seconds', 'requests to Graph'], rows)}

- The simulator takes ${latencyMs} ms for every response, to a batch too, and has no quota. Rounds: ${rounds}, each in another
  order${oneByOne ? ' (one by one: one round)' : ''}, after ${whole(updates * warmUps)} updates by each method as a warm-up.
- This service is called with tRPC's own client (\`httpBatchStreamLink\`). The Graph client calls Graph directly, from the
  process of the benchmark. Its batches are \`BatchRequestContent\` with 20 items.
- Requests are those in the simulator's journal. A batch counts as one.
- Every result was checked, and every tenth state was read from the simulator.`;
}

/** Reports bulk updates under a quota. */
export function reportQuota({ latencyMs, shortUpdates }: QuotaPlan, result: QuotaResult): string {
  const latencies = (name: string, values: readonly number[]) => [
    name,
    whole(values.length),
    percentile(values, 0.5).toFixed(1),
    percentile(values, 0.99).toFixed(1),
    Math.max(...values).toFixed(1),
  ];
  const { seconds, minSeconds } = result;
  return `### ${whole(result.updates)} updates by \`updateMany\` under Graph's quota, with interactive updates

${table(
  [
    `seconds for ${whole(shortUpdates)}`,
    'seconds',
    'at the quota',
    'difference',
    '429 responses',
    'max writes in 20 s',
  ],
  [
    [
      result.shortSeconds.toFixed(2),
      seconds.toFixed(2),
      minSeconds.toFixed(0),
      `${((seconds / minSeconds - 1) * 100).toFixed(2)} %`,
      whole(result.throttled),
      whole(result.maxWrites),
    ],
  ],
)}

${table(
  ['interactive updates', 'calls', 'p50 ms', 'p99 ms', 'max ms'],
  [latencies('alone', result.aloneMs), latencies('during the bulk update', result.duringBulkMs)],
)}

- The simulator rejects more than 200 writes in any 20 s, and takes ${latencyMs} ms for every response. This service runs with
  \`GRAPH_WRITES_PER_20S=200\`: at this rate, 200 updates take 20 s.
- During the bulk update, another caller updates one other state every second over its own connection; alone, four times
  per second. ${whole(shortUpdates)} updates are sent to a service whose quota is not in use. Each with new processes, after 100 reads.
- 429 responses and writes, interactive ones included, are counted in the simulator's journal.`;
}

/** Reports memory. */
export function reportMemory({ rows, rowsPerCall, rowsPerSecond, samples, peakBytes }: MemoryResult): string {
  return `### ${whole(rows)} updates in sequence

${table(
  ['rows per second', ...samples.map((sample) => `MiB after ${whole(sample.rows)}`), 'peak MiB'],
  [[whole(rowsPerSecond), ...samples.map(({ bytes }) => mebibytes(bytes)), mebibytes(peakBytes)]],
)}

- \`updateMany\` with ${whole(rowsPerCall)} updates per call, one call after the other; no latency, no quota. Resident memory of this
  service (\`VmRSS\`, at the peak \`VmHWM\`), which shares the machine with the client and the simulator.`;
}
