import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);

/** A project of a front end, in a folder of its own outside of the repository. */
export interface FrontEnd {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a script of Node in the project, and returns what it prints. */
  run(...args: readonly string[]): Promise<string>;
}

/** Packs the client. Returns the path of the package. */
export async function packClient(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'client-package-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  await run('npm', ['run', 'pack:client', '--', '--pack-destination', folder]);
  return join(folder, `script-state-client-${manifest.version}.tgz`);
}

/** Creates a project that has the given packages, and removes it after the tests. */
export async function createFrontEnd(packages: readonly string[]): Promise<FrontEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'front-end-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const write: FrontEnd['write'] = async (files) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  };
  await write({ 'package.json': JSON.stringify({ name: 'front-end', private: true }) });
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...options, ...packages], { cwd: folder });
  return {
    folder,
    write,
    run: async (...args) => (await run(process.execPath, args, { cwd: resolve(folder) })).stdout,
  };
}
