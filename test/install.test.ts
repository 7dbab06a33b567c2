import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
}

const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};
const manifest = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly engines: { readonly node: string };
  readonly devEngines: { readonly runtime: object };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe('the lock file', () => {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  const pathsWhere = (matches: (entry: LockEntry) => boolean) =>
    entries.flatMap(([path, entry]) => (matches(entry) ? [path] : []));

  test('has an integrity hash for every package, those of other platforms included', () => {
    expect(entries.length).toBeGreaterThan(0);
    expect(pathsWhere(({ integrity }) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
  });

  test('names no registry', () => {
    expect(pathsWhere(({ resolved }) => resolved !== undefined)).toEqual([]);
  });

  test('has the exact versions of package.json', () => {
    const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    const locked = direct.map(([name]) => [name, lock.packages[`node_modules/${name}`]?.version]);
    expect(locked).toEqual(direct);
  });
});

test('no npm script depends on a pre or post script, which npm does not run with ignore-scripts=true', () => {
  const names = Object.keys(manifest.scripts);
  const npmCommands = ['install', 'pack', 'prepare', 'publish', 'version'];
  const hooks = [...names, ...npmCommands].flatMap((name) => [`pre${name}`, `post${name}`]);
  expect(names.filter((name) => hooks.includes(name) || name === 'prepare')).toEqual([]);
});

test('without the development dependencies, `npm start` says in one line what is missing, and keeps the last build', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'production-install-'));
  try {
    await copyFile('package.json', join(folder, 'package.json'));
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'dist', 'main.js'), '');
    const env = { PATH: process.env['PATH'], NODE_ENV: 'production' };
    const failed = await promisify(execFile)('npm', ['start'], { cwd: folder, env }).then(
      () => expect.fail('npm start succeeded'),
      (error: unknown) => error as { readonly stderr: string },
    );
    const lines = failed.stderr.split('\n').filter((line) => !line.startsWith('npm ') && line !== '');
    expect(lines).toEqual([
      expect.stringMatching(/^Cannot build without esbuild, vite: .*NODE_ENV=production.* npm ci --include=dev$/),
    ]);
    expect(await readFile(join(folder, 'dist', 'main.js'), 'utf8')).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('development and production have the same lower bound for Node', () => {
  expect(manifest.devEngines.runtime).toMatchObject({ name: 'node', version: manifest.engines.node });
});
