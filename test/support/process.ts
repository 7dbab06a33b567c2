import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One of the built programs, running as a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  /** What it has written to stdout, line by line. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line, already written or yet to come, that holds `text`. */
  line(text: string): Promise<string>;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string | null>;
}

/** Starts a built program with nothing but the given settings in its environment. */
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

/** The address that the service says it listens on. */
export async function addressOf(program: Program): Promise<string> {
  const line = await program.line('listening on');
  const address = /http:\/\/[\w.[\]:]+/.exec(line)?.[0];
  if (address === undefined) throw new Error(line);
  return address;
}
