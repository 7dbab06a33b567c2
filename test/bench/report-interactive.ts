import { bare, type Contestant, expressProxy } from './contestants.js';
import type { InteractivePlan, InteractiveResult } from './interactive.js';
import { tickMicroseconds } from './process-account.js';
import { median } from './statistics.js';
import { mebibytes, range, table, whole } from './table.js';

/** The part of the report that is about updates one by one. */
export function reportInteractive(plan: InteractivePlan, results: readonly InteractiveResult[]): string {
  const ratios = (to: Contestant, { microsecondsPerCall }: InteractiveResult): readonly number[] => {
    const base = results.find(({ contestant }) => contestant === to)?.microsecondsPerCall ?? [];
    return microsecondsPerCall.map((microseconds, round) => microseconds / (base[round] ?? Number.NaN));
  };
  const rows = results.map((result) => [
    result.contestant.name,
    range(result.microsecondsPerCall, 0),
    result.contestant === bare ? '1' : range(ratios(bare, result), 2),
    result.contestant === expressProxy ? '1' : range(ratios(expressProxy, result), 2),
    median(result.p50Ms).toFixed(2),
    median(result.p99Ms).toFixed(2),
    mebibytes(result.peakBytes),
  ]);
  const { connections, pacedCalls, perSecond, processorSeconds, rounds, states, warmUpCalls } = plan;
  const tick = ((tickMicroseconds / (processorSeconds * 1e6)) * 100).toFixed(1);
  return `### Updates one by one

${table(['', 'CPU µs per call', '× bare', '× http-proxy-middleware', 'p50 ms', 'p99 ms', 'peak MiB'], rows)}

- One call is one update of one user state. The two proxies are sent the PATCH that Graph wants, the others the tRPC call
  \`scriptUserState.update\`; ${states} states in turn.
${results.map(({ contestant: { name, what }, calls }) => `- **${name}**: ${what}; ${whole(calls)} calls a round.`).join('\n')}
- CPU: what the system accounts to the process (user and kernel, all threads), over the calls of a round, divided by
  their number; ${connections} connections with one call at a time (autocannon). A tick of the account is ${tick} % of a round.
- Rounds: ${rounds}, each with all contestants in another order, after ${whole(2 * warmUpCalls)} calls to each that do not count. In the
  table: the median, and in brackets the least and the greatest round. Ratios are taken within a round.
- Latency: ${whole(pacedCalls)} calls a round at ${perSecond} calls a second, sent on time whether or not earlier ones are answered, by a
  generator of our own: autocannon sends what belongs to a second at the second's beginning. From sending to the end of
  the answer, what the simulator takes included; medians of the rounds' percentiles.
- Peak: the greatest resident memory (\`VmHWM\`) since the start of the process.
- The same for all: one process of Node each, with the options of \`npm start\`, compiled JavaScript (this service in one
  bundle, as it ships), logs into a file, keep-alive on both sides, the same token, the same simulator. Not the same: this service runs without \`NODE_ENV=production\`, in which it
  refuses to serve without sign-in; the two proxies log nothing and check nothing; the stock ones log a line per request,
  synchronously as is pino's default (this service two, an audit among them, asynchronously), and have no time limits,
  retries or order of writes. The Graph client's own handler puts no token on plain http,
  so another one does; the rest of its default chain is there.
- Every answer was checked to be a 2xx with the values asked for, and after every run every tenth state was read from the
  simulator itself.`;
}
