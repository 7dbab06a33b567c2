import { bare, type Contestant, expressProxy, thisService, unaudited } from './contestants.js';
import type { InteractivePlan, InteractiveResult } from './interactive.js';
import { tickMicroseconds } from './process-usage.js';
import { median } from './statistics.js';
import { mebibytes, range, table, whole } from './table.js';

/** Reports single updates. */
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
  const audited = results.filter(({ contestant }) => contestant === thisService);
  const trail = audited.map((result) => range(ratios(unaudited, result), 2)).join('');
  const { connections, cpuSeconds, pacedCalls, perSecond, rounds, states, warmUpCalls } = plan;
  const resolution = ((tickMicroseconds / (cpuSeconds * 1e6)) * 100).toFixed(1);
  return `### Single updates

${table(['', 'CPU µs per call', '× bare', '× http-proxy-middleware', 'p50 ms', 'p99 ms', 'peak MiB'], rows)}

- One call is one update of one user state. The two proxies receive Graph's own PATCH, the others the tRPC call
  \`scriptUserState.update\`; ${states} states in rotation.
${results.map(({ contestant: { name, description }, calls }) => `- **${name}**: ${description}; ${whole(calls)} calls per round.`).join('\n')}
- CPU: the processor time of the process (user and kernel, all threads) during the calls of a round, divided by their
  number; ${connections} connections with one call at a time (autocannon). The resolution is ${resolution} % of a round.
- Rounds: ${rounds}, each in another order, after ${whole(2 * warmUpCalls)} calls to each contestant as a warm-up. The table has the median and,
  in parentheses, the minimum and the maximum. Ratios are computed per round.
- The audit trail: this service takes ${trail} times the processor time that it takes without its trail.
- Latency: ${whole(pacedCalls)} calls per round at ${perSecond} calls per second, sent on time whether or not earlier ones have a response, by our
  own generator, because autocannon sends all calls of a second at once. Measured from sending to the end of the response,
  the simulator's share included; medians of the percentiles of each round.
- Peak: the maximum resident memory (\`VmHWM\`) since the start of the process.
- The same for all: one Node process each with the options of \`npm start\`, compiled JavaScript, logs to a file,
  keep-alive on both sides, the same token, the same simulator. Different: this service runs without
  \`NODE_ENV=production\`, in which it requires sign-in. The two proxies log nothing and validate nothing. The stock ones
  write one log line per request, synchronously as is pino's default (this service two, an audit line among them,
  asynchronously), and have no timeouts and no ordering of writes; of them, only the Graph client retries. The Graph
  client's own handler does not send a token over plain HTTP, so another one does; the rest of its middleware is the
  default.
- Every response was checked for a 2xx status and the new values, and after every run every tenth state was read from the
  simulator.`;
}
