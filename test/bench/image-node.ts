import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The version of Node that the image runs, from the Dockerfile. */
export function imageNodeVersion(): string {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const version = /^ARG NODE=node:(\d+\.\d+\.\d+)/m.exec(dockerfile)?.[1];
  if (version === undefined) throw new Error('the Dockerfile must have a line "ARG NODE=node:<version>"');
  return version;
}

/** Runs this process again on another version of Node, which npm downloads. Exits with its exit code. */
export function restartOnNode(version: string): void {
  const which = ['exec', '--yes', `--package=node@${version}`, '--', 'which', 'node'];
  const binary = execFileSync('npm', which, { encoding: 'utf8' }).trim();
  const actual = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  if (actual !== `v${version}`) throw new Error(`${binary} must be Node ${version}, but is ${actual}`);
  const child = spawn(binary, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => process.exit(code ?? 1));
}
