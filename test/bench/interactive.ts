import { callsFor } from './calls.js';
import { type Contestant, contestants, startContestant } from './contestants.js';
import { startLoad } from './load.js';
import { memoryBytes, processorMicroseconds } from './process-account.js';
import type { Serving } from './processes.js';
import { progress } from './progress.js';
import { lookUp, startBenchSimulator } from './simulator.js';
import { percentile } from './statistics.js';

/** How much of it to do. */
export interface InteractivePlan {
  readonly rounds: number;
  readonly states: number;
  readonly connections: number;
  /** Calls to each contestant before any is measured. */
  readonly warmUpCalls: number;
  /** How much processor time of each contestant one round is to take, about. */
  readonly processorSeconds: number;
  readonly perSecond: number;
  /** Calls of one round, at `perSecond`, whose latency is measured. */
  readonly pacedCalls: number;
}

/** What one contestant showed, round by round. */
export interface InteractiveResult {
  readonly contestant: Contestant;
  /** Calls of one round whose processor time was measured. */
  readonly calls: number;
  /** Processor time. */
  readonly microsecondsPerCall: readonly number[];
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
  readonly peakBytes: number;
}

interface Entered {
  readonly contestant: Contestant;
  readonly process: Serving;
  readonly calls: number;
  readonly microsecondsPerCall: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

/** Updates one by one: what one costs, and how long it takes. */
export async function measureInteractive(plan: InteractivePlan, folder: string): Promise<readonly InteractiveResult[]> {
  const simulator = await startBenchSimulator(folder);
  const load = startLoad();
  const targets = (await simulator.someStates(plan.states)).slice(0, plan.states);
  let run = 0;

  /** Sends calls to one contestant, and looks in Graph whether they have come through. */
  async function send({ language }: Contestant, url: string, amount: number, perSecond?: number) {
    const calls = callsFor(language, targets, ++run);
    const { latenciesMs } = await load.run(
      perSecond === undefined
        ? { kind: 'full speed', url, calls, amount, connections: plan.connections }
        : { kind: 'rate', url, calls, amount, perSecond },
    );
    await lookUp(simulator, targets, run);
    await simulator.reset();
    return latenciesMs;
  }

  async function sendAndAccount(contestant: Contestant, { pid, url }: Serving, amount: number): Promise<number> {
    const before = processorMicroseconds(pid);
    await send(contestant, url, amount);
    return (processorMicroseconds(pid) - before) / amount;
  }

  async function enter(contestant: Contestant): Promise<Entered> {
    const process = await startContestant(contestant, simulator, folder);
    await send(contestant, process.url, plan.warmUpCalls);
    const roughly = await sendAndAccount(contestant, process, plan.warmUpCalls);
    const calls = Math.ceil((plan.processorSeconds * 1e6) / roughly / 100) * 100;
    return { contestant, process, calls, microsecondsPerCall: [], p50Ms: [], p99Ms: [] };
  }

  const entered: Entered[] = [];
  for (const contestant of contestants) entered.push(await enter(contestant));
  for (let round = 0; round < plan.rounds; round++) {
    const turn = round % entered.length;
    for (const each of [...entered.slice(turn), ...entered.slice(0, turn)]) {
      const { contestant, process } = each;
      const microseconds = await sendAndAccount(contestant, process, each.calls);
      const latenciesMs = await send(contestant, process.url, plan.pacedCalls, plan.perSecond);
      each.microsecondsPerCall.push(microseconds);
      each.p50Ms.push(percentile(latenciesMs, 0.5));
      each.p99Ms.push(percentile(latenciesMs, 0.99));
      progress(`interactive, round ${round + 1}: ${contestant.name}: ${microseconds.toFixed(0)} µs a call`);
    }
  }

  const results = entered.map(({ process, ...rest }) => ({ ...rest, peakBytes: memoryBytes(process.pid, 'VmHWM') }));
  await Promise.all([load, simulator, ...entered.map(({ process }) => process)].map((each) => each.stop()));
  return results;
}
