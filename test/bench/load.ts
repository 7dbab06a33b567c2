import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startNode } from '../support/process.js';
import type { Call } from './calls.js';

/** A load of calls as fast as the server responds. */
export interface FullSpeedLoad {
  readonly kind: 'full speed';
  readonly url: string;
  readonly calls: readonly Call[];
  /** The number of connections, each with one call at a time. */
  readonly connections: number;
  /** How many calls in all. */
  readonly amount: number;
}

/** A load of calls at fixed times. */
export interface FixedRateLoad {
  readonly kind: 'fixed rate';
  readonly url: string;
  readonly calls: readonly Call[];
  readonly perSecond: number;
  /** How many calls in all. */
  readonly amount: number;
}

/** The calls to send. */
export type LoadSpec = FullSpeedLoad | FixedRateLoad;

/** The result of a load. */
export interface LoadResult {
  readonly errors: readonly string[];
  /** From sending a call to the end of its response; only at a fixed rate. */
  readonly latenciesMs: readonly number[];
}

/** A load generator in its own process. */
export interface LoadGenerator {
  /** Sends calls. Rejects unless every response is as expected. */
  run(spec: LoadSpec): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Starts a load generator. */
export function startLoadGenerator(): LoadGenerator {
  const file = fileURLToPath(new URL('load-process.ts', import.meta.url));
  const worker = startNode(['--import', 'tsx', file], {}, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { child } = worker;
  return {
    async run(spec) {
      child.send(spec);
      const exited = new AbortController();
      const onExit = () => exited.abort(new Error('the load generator has exited'));
      child.once('exit', onExit);
      const finished = once(child, 'message', { signal: exited.signal }).finally(() => child.off('exit', onExit));
      const [result] = (await finished) as [LoadResult];
      if (result.errors.length > 0) {
        throw new Error(`${result.errors.length} calls to ${spec.url} failed, first: ${result.errors[0]}`);
      }
      return result;
    },
    stop: () => worker.stop(),
  };
}
