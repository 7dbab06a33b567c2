import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Serving, startServing } from '../bench/processes.js';
import type { Backend, Balancer } from './balancer.js';

/** One place where a replica runs, and another one after it has ended. */
export interface Place {
  readonly name: string;
  /** Resident memory of the one that runs now, in MiB; 0 while none does. */
  memory(): number;
  /** Ends it without a warning, and starts the next one. */
  kill(): Promise<void>;
  /** Ends it as an orchestrator does, and starts the next one. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** What all replicas of a run are made of. */
export interface Site {
  readonly folder: string;
  readonly balancer: Balancer;
  readonly env: Readonly<Record<string, string>>;
  /** Every replica that ended as it was asked to, with how it did. */
  readonly ended: { readonly backend: Backend; readonly code: number | null }[];
}

/** Starts a replica at a place of its own. */
export async function startPlace(name: string, { folder, balancer, env, ended }: Site): Promise<Place> {
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  let count = 0;
  let serving: Serving;
  let backend: Backend;

  async function start(): Promise<void> {
    serving = await startServing({ name: `${name}-${count++}`, args: ['--max-semi-space-size=32', main], env }, folder);
    backend = { name: serving.name, url: serving.url, lost: 0 };
    balancer.add(backend);
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    const { child } = serving;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    balancer.remove(backend);
    if (signal === 'SIGTERM') ended.push({ backend, code: child.exitCode });
  }

  await start();
  return {
    name,
    memory() {
      const { child, pid } = serving;
      if (child.exitCode !== null || child.signalCode !== null) return 0;
      const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
      return Math.round((pages * 4_096) / 2 ** 20);
    },
    async kill() {
      await stop('SIGKILL');
      await start();
    },
    async restart() {
      await stop('SIGTERM');
      await start();
    },
    end: () => stop('SIGTERM'),
  };
}
