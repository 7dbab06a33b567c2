import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '../bench/server-process.js';
import type { ReplicaTrail } from './audit-trail.js';
import type { Backend, Balancer } from './balancer.js';

/** A replica that is restarted whenever its process has exited. */
export interface SupervisedReplica {
  readonly name: string;
  readonly pid: number;
  /** Resident memory in MiB; 0 while no process runs. */
  memory(): number;
  /** Kills the process and starts the next one. */
  kill(): Promise<void>;
  /** Stops the process gracefully, as an orchestrator does, and starts the next one. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The resources that the replicas of a run share. */
export interface Cluster {
  readonly folder: string;
  readonly balancer: Balancer;
  readonly env: Readonly<Record<string, string>>;
  /** Every process that was stopped gracefully, with its exit code. */
  readonly stopped: { readonly backend: Backend; readonly code: number | null }[];
}

/** Starts a replica and adds it to the balancer. @param trail its audit trail; stdout by default */
export async function startReplica(
  name: string,
  { folder, balancer, env: shared, stopped }: Cluster,
  trail?: ReplicaTrail,
): Promise<SupervisedReplica> {
  const env = { ...shared, ...(trail && { AUDIT_LOG: trail.path }) };
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  let count = 0;
  let server: ServerProcess;
  let backend: Backend;

  async function start(): Promise<void> {
    server = await startServer({ name: `${name}-${count++}`, args: ['--max-semi-space-size=32', main], env }, folder);
    backend = { name: server.name, url: server.url, lost: 0 };
    balancer.add(backend);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    await server.stop(signal);
    trail?.onExit();
    balancer.remove(backend);
    if (signal === 'SIGTERM') stopped.push({ backend, code: server.child.exitCode });
  }

  await start();
  return {
    name,
    get pid() {
      return server.pid;
    },
    memory() {
      const { child, pid } = server;
      if (child.exitCode !== null || child.signalCode !== null) return 0;
      const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
      return Math.round((pages * 4_096) / 2 ** 20);
    },
    async kill() {
      await end('SIGKILL');
      await start();
    },
    async restart() {
      await end('SIGTERM');
      await start();
    },
    stop: () => end('SIGTERM'),
  };
}
