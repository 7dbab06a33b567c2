import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start a process of Node. */
export interface Program {
  readonly name: string;
  /** For `node`: its options, the file, the arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that runs. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>;
}

/** A process that listens. */
export interface Serving extends Running {
  /** Its origin. */
  readonly url: string;
}

const startMs = 20_000;
const running = new Set<ChildProcess>();

/** Ends every process that was started here, at once. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

function launch({ name, args, env = {} }: Program, options: SpawnOptions): Running {
  const child = spawn(process.execPath, [...args], { env: { PATH: process.env['PATH'], ...env }, ...options });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  if (child.pid === undefined) throw new Error(`${name} could not be started`);
  return {
    name,
    pid: child.pid,
    child,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Starts a process that is spoken to by messages. */
export function startTalking(program: Program): Running {
  return launch(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

/** Starts a process that logs its address on stdout; it runs in the folder, and what it logs goes into a file there. */
export async function startServing(program: Program, folder: string): Promise<Serving> {
  const file = join(folder, `${program.name.replaceAll(/\W+/g, '-')}-${performance.now()}.log`);
  const log = openSync(file, 'w');
  const process = launch(program, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  for (const giveUpAt = performance.now() + startMs; performance.now() < giveUpAt; await sleep(20)) {
    const url = /listening on (http:\/\/[\d.]+:\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
    if (url !== undefined) return { ...process, url };
    if (process.child.exitCode !== null) break;
  }
  await process.stop();
  throw new Error(`${program.name} did not start:\n${readFileSync(file, 'utf8').slice(0, 2000)}`);
}
