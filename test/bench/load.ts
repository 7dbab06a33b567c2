import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Call } from './calls.js';
import { startTalking } from './processes.js';

/** As many calls as there is time for. */
export interface AtFullSpeed {
  readonly kind: 'full speed';
  readonly url: string;
  readonly calls: readonly Call[];
  /** How many connections, each with one call at a time. */
  readonly connections: number;
  /** How many calls in all. */
  readonly amount: number;
}

/** Calls at fixed moments. */
export interface AtRate {
  readonly kind: 'rate';
  readonly url: string;
  readonly calls: readonly Call[];
  readonly perSecond: number;
  /** How many calls in all. */
  readonly amount: number;
}

/** What to send. */
export type LoadOrder = AtFullSpeed | AtRate;

/** What came back. */
export interface LoadResult {
  /** What was wrong with answers. */
  readonly faults: readonly string[];
  /** From sending a call to having its whole answer, in milliseconds; only of calls at a rate. */
  readonly latenciesMs: readonly number[];
}

/** A generator of load in a process of its own. */
export interface Load {
  /** Sends calls. Rejects when a single one of them is not answered as it should be. */
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Starts a generator. */
export function startLoad(): Load {
  const file = fileURLToPath(new URL('load-process.ts', import.meta.url));
  const generator = startTalking({ name: 'load generator', args: ['--import', 'tsx', file] });
  const { child } = generator;
  return {
    async run(order) {
      child.send(order);
      const exited = new AbortController();
      const onExit = () => exited.abort(new Error('the load generator has ended'));
      child.once('exit', onExit);
      const answered = once(child, 'message', { signal: exited.signal }).finally(() => child.off('exit', onExit));
      const [result] = (await answered) as [LoadResult];
      if (result.faults.length > 0) {
        throw new Error(`${result.faults.length} calls to ${order.url} went wrong, first: ${result.faults[0]}`);
      }
      return result;
    },
    stop: () => generator.stop(),
  };
}
