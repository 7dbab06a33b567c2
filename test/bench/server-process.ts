import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeningOrigin, type RunningProcess, startNode } from '../support/process.js';

/** A server to start with Node. */
export interface ServerProgram {
  readonly name: string;
  /** The arguments of `node`: its options, the file, the file's arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A process that listens. */
export interface ServerProcess extends RunningProcess {
  readonly name: string;
  /** Its origin. */
  readonly url: string;
}

const startTimeoutMs = 60_000;

/** Starts a server that logs its URL to stdout. It runs in the folder and logs to a file there. */
export async function startServer({ name, args, env }: ServerProgram, folder: string): Promise<ServerProcess> {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}-${performance.now()}.log`);
  const log = openSync(file, 'w');
  const server = startNode(args, env, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  for (const timeoutAt = performance.now() + startTimeoutMs; performance.now() < timeoutAt; await sleep(20)) {
    const url = listeningOrigin(readFileSync(file, 'utf8'));
    if (url !== undefined) return { ...server, name, url };
    if (server.child.exitCode !== null) break;
  }
  await server.stop();
  throw new Error(`${name} did not start:\n${readFileSync(file, 'utf8').slice(0, 2000)}`);
}
