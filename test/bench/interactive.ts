import { createCalls } from './calls.js';
import { type Contestant, contestants, startContestant } from './contestants.js';
import { startLoadGenerator } from './load.js';
import { cpuMicroseconds, memoryBytes } from './process-usage.js';
import { progress } from './progress.js';
import type { ServerProcess } from './server-process.js';
import { startBenchSimulator, verifyStates } from './simulator.js';
import { percentile } from './statistics.js';

/** The size of the measurement of single updates. */
export interface InteractivePlan {
  readonly rounds: number;
  readonly states: number;
  readonly connections: number;
  /** Calls to each contestant before the first round. */
  readonly warmUpCalls: number;
  /** About how much processor time of each contestant one round takes. */
  readonly cpuSeconds: number;
  readonly perSecond: number;
  /** Calls of one round, at `perSecond`, whose latency is measured. */
  readonly pacedCalls: number;
}

/** The result of one contestant, round by round. */
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

interface Participant {
  readonly contestant: Contestant;
  readonly process: ServerProcess;
  readonly calls: number;
  readonly microsecondsPerCall: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

/** Measures the processor time and the latency of single updates. */
export async function measureInteractive(plan: InteractivePlan, folder: string): Promise<readonly InteractiveResult[]> {
  const simulator = await startBenchSimulator(folder);
  const load = startLoadGenerator();
  const targets = (await simulator.someStates(plan.states)).slice(0, plan.states);
  let run = 0;

  /** Sends calls to one contestant, and verifies in the simulator that they were applied. */
  async function send({ protocol }: Contestant, url: string, amount: number, perSecond?: number) {
    const calls = createCalls(protocol, targets, ++run);
    const { latenciesMs } = await load.run(
      perSecond === undefined
        ? { kind: 'full speed', url, calls, amount, connections: plan.connections }
        : { kind: 'fixed rate', url, calls, amount, perSecond },
    );
    await verifyStates(simulator, targets, run);
    await simulator.reset();
    return latenciesMs;
  }

  /** Sends calls as fast as possible. @returns the processor time per call, in microseconds */
  async function measureCpu(contestant: Contestant, { pid, url }: ServerProcess, amount: number): Promise<number> {
    const before = cpuMicroseconds(pid);
    await send(contestant, url, amount);
    return (cpuMicroseconds(pid) - before) / amount;
  }

  async function startParticipant(contestant: Contestant): Promise<Participant> {
    const process = await startContestant(contestant, simulator, folder);
    await send(contestant, process.url, plan.warmUpCalls);
    const estimate = await measureCpu(contestant, process, plan.warmUpCalls);
    const calls = Math.ceil((plan.cpuSeconds * 1e6) / estimate / 100) * 100;
    return { contestant, process, calls, microsecondsPerCall: [], p50Ms: [], p99Ms: [] };
  }

  const participants: Participant[] = [];
  for (const contestant of contestants) participants.push(await startParticipant(contestant));
  for (let round = 0; round < plan.rounds; round++) {
    const first = round % participants.length;
    for (const each of [...participants.slice(first), ...participants.slice(0, first)]) {
      const { contestant, process } = each;
      const microseconds = await measureCpu(contestant, process, each.calls);
      const latenciesMs = await send(contestant, process.url, plan.pacedCalls, plan.perSecond);
      each.microsecondsPerCall.push(microseconds);
      each.p50Ms.push(percentile(latenciesMs, 0.5));
      each.p99Ms.push(percentile(latenciesMs, 0.99));
      progress(`interactive, round ${round + 1}: ${contestant.name}: ${microseconds.toFixed(0)} µs per call`);
    }
  }

  const results = participants.map(({ process, ...rest }) => ({
    ...rest,
    peakBytes: memoryBytes(process.pid, 'VmHWM'),
  }));
  await Promise.all([load, simulator, ...participants.map(({ process }) => process)].map((each) => each.stop()));
  return results;
}
