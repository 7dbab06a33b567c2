import { startProgram } from './program.js';

/** Runs the doctor until it exits. */
export async function runDoctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { stdout, stderr, exited } = startProgram('dist/doctor.js', env, args);
  const code = await exited;
  const steps = stdout.flatMap((line) => /^(ok|no|skip|FAIL) +(\w+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  return { code, steps, printed: [...stdout, ...stderr].join('\n') };
}
