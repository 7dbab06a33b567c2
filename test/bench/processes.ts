import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program to start with Node. */
export interface Program {
  readonly name: string;
  /** The arguments of `node`: its options, the file, the file's arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running process. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Kills the process and waits until it has exited. */
  stop(): Promise<void>;
}

/** A process that listens. */
export interface Serving extends Running {
  /** Its origin. */
  readonly url: string;
}

const startTimeoutMs = 20_000;
const children = new Set<ChildProcess>();

/** Kills every process that was started here. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

function start({ name, args, env = {} }: Program, options: SpawnOptions): Running {
  const child = spawn(process.execPath, [...args], { env: { PATH: process.env['PATH'], ...env }, ...options });
  children.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      children.delete(child);
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

/** Starts a process that exchanges messages with this one. */
export function startWorker(program: Program): Running {
  return start(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

/** Starts a process that logs its URL to stdout. It runs in the folder and logs to a file there. */
export async function startServing(program: Program, folder: string): Promise<Serving> {
  const file = join(folder, `${program.name.replaceAll(/\W+/g, '-')}-${performance.now()}.log`);
  const log = openSync(file, 'w');
  const process = start(program, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  for (const timeoutAt = performance.now() + startTimeoutMs; performance.now() < timeoutAt; await sleep(20)) {
    const url = /listening on (http:\/\/[\d.]+:\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
    if (url !== undefined) return { ...process, url };
    if (process.child.exitCode !== null) break;
  }
  await process.stop();
  throw new Error(`${program.name} did not start:\n${readFileSync(file, 'utf8').slice(0, 2000)}`);
}
