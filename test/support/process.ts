import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A running child process. It is killed when this process exits. */
export interface RunningProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with the exit code or the name of the signal. */
  readonly exited: Promise<number | string | null>;
  /** Sends a signal, `SIGKILL` by default, and waits until the process has exited. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a process. */
export function startProcess(command: string, args: readonly string[], options: SpawnOptions): RunningProcess {
  const child = spawn(command, [...args], options);
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'close').then(([code, signal]: unknown[]) => {
    process.off('exit', kill);
    return (code ?? signal) as number | string | null;
  });
  return {
    child,
    pid: child.pid,
    exited,
    async stop(signal = 'SIGKILL') {
      child.kill(signal);
      await exited;
    },
  };
}

/** Starts Node with only `env` and `PATH` in its environment. @param launcher the words of a command that starts it */
export function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: Omit<SpawnOptions, 'env'>,
  launcher: readonly string[] = [],
): RunningProcess {
  const [command = process.execPath, ...rest] = [...launcher, process.execPath, ...args];
  return startProcess(command, rest, { ...options, env: { PATH: process.env['PATH'], ...env } });
}

/** The origin in a line of a log that reports where a server listens. */
export function listeningOrigin(log: string): string | undefined {
  return /listening on (http:\/\/[\w.[\]:]+:\d+)/.exec(log)?.[1];
}
