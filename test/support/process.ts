import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach } from 'vitest';

/** A built program that runs as a process. */
export interface Program {
  readonly child: ChildProcess;
  /** The lines that it has written to stdout so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line on stdout, past or future, that contains `text`. */
  line(text: string): Promise<string>;
  /** Resolves with the exit code or the name of the signal. */
  readonly exited: Promise<number | string | null>;
}

/** Starts a built program with only `env` and `PATH` in its environment. */
export function startProgram(path: string, env: Readonly<Record<string, string>> = {}, args: string[] = []): Program {
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  const out = createInterface({ input: child.stdout });
  out.on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  const exited = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string | null);
  return {
    child,
    stdout,
    stderr,
    exited,
    line: (text) =>
      new Promise((resolve, reject) => {
        const found = stdout.find((line) => line.includes(text));
        if (found !== undefined) return resolve(found);
        out.on('line', (line: string) => line.includes(text) && resolve(line));
        void exited.then(() => reject(new Error(`ended without "${text}":\n${[...stdout, ...stderr].join('\n')}`)));
      }),
  };
}

/**
 * Kills programs after each test, or after all tests of the file or suite.
 *
 * @returns {@link startProgram}
 */
export function usePrograms(lifetime: 'suite' | 'test' = 'test'): typeof startProgram {
  const started: Program[] = [];
  const after = lifetime === 'suite' ? afterAll : afterEach;
  after(async () => {
    for (const { child, exited } of started.splice(0)) {
      child.kill('SIGKILL');
      await exited;
    }
  });
  return (...args) => {
    const program = startProgram(...args);
    started.push(program);
    return program;
  };
}

/** The address that the service logs once it listens. */
export async function addressOf(program: Program): Promise<string> {
  const line = await program.line('listening on');
  const address = /http:\/\/[\w.[\]:]+/.exec(line)?.[0];
  if (address === undefined) throw new Error(line);
  return address;
}
