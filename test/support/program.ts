import { createInterface } from 'node:readline';
import { afterAll, afterEach } from 'vitest';
import type { Lifetime } from './fixture.js';
import { listeningOrigin, type RunningProcess, startNode } from './process.js';

/** A built program that runs as a process. */
export interface Program extends RunningProcess {
  /** The lines that it has written to stdout so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line on stdout, past or future, that contains `text`. */
  line(text: string): Promise<string>;
}

/**
 * Starts a built program with only `env` and `PATH` in its environment.
 *
 * @param launcher the words of a command that starts Node
 */
export function startProgram(
  path: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
  launcher: readonly string[] = [],
): Program {
  const running = startNode([path, ...args], env, { stdio: ['ignore', 'pipe', 'pipe'] }, launcher);
  const { child, exited } = running;
  if (child.stdout === null || child.stderr === null) throw new Error('stdout and stderr must be pipes');
  const stdout: string[] = [];
  const stderr: string[] = [];
  const out = createInterface({ input: child.stdout });
  out.on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  return {
    ...running,
    stdout,
    stderr,
    line: (text) =>
      new Promise((resolve, reject) => {
        const found = stdout.find((line) => line.includes(text));
        if (found !== undefined) return resolve(found);
        out.on('line', (line: string) => line.includes(text) && resolve(line));
        void exited.then(() => reject(new Error(`ended without "${text}":\n${[...stdout, ...stderr].join('\n')}`)));
      }),
  };
}

/** Stops programs after the tests. @returns {@link startProgram} */
export function usePrograms(lifetime: Lifetime = 'suite'): typeof startProgram {
  const started: Program[] = [];
  const after = lifetime === 'suite' ? afterAll : afterEach;
  after(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop()));
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
  const address = listeningOrigin(line);
  if (address === undefined) throw new Error(line);
  return address;
}
