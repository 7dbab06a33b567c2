import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { stringify } from 'yaml';

/** Whether Prometheus and its tool are installed. */
const isPrometheusInstalled = ['promtool', 'prometheus'].every(
  (command) => spawnSync(command, ['--version']).status === 0,
);

if (!isPrometheusInstalled && process.env['CI'] === 'true') throw new Error('CI must have Prometheus');

/** Declares tests that need Prometheus. They are skipped where it is not installed. */
export const describeWithPrometheus = describe.skipIf(!isPrometheusInstalled);

/** Runs `promtool`. @throws {Error} with its output if it fails */
export async function promtool(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('promtool', args)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Writes an object as YAML to a temporary file while `work` runs. */
export async function withYaml<T>(object: object, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const path = join(folder, 'file.yaml');
    await writeFile(path, stringify(object));
    return await work(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
