import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, readPage } from '../support/documentation.js';

const run = promisify(execFile);
const manifest = JSON.parse(await readFile('package.json', 'utf8')) as { devDependencies: Record<string, string> };

const setUp = `
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import type { AppRouter, Reason, RouterInputs, RouterOutputs } from 'script-state-bff';
const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: 'http://localhost:3000/trpc' })] });
const target: RouterInputs['scriptUserState']['get'] = { scriptKind: 'deviceShellScript', scriptId: 'a', userStateId: 'b' };
`;

const validCalls = `
const state: RouterOutputs['scriptUserState']['update'] = await client.scriptUserState.update.mutate({
  ...target, patch: { successDeviceCount: 2 }, approval: { justification: 'CHG-1' },
});
const name: string | null = state.userPrincipalName;
const { items, nextCursor } = await client.scriptUserState.list.query({ scriptKind: 'deviceShellScript', scriptId: 'a' });
const errors: number = items.reduce((sum, item) => sum + item.errorDeviceCount, 0);
const graph: 'live' | 'simulator' = (await client.session.current.query()).graph;
const error: unknown = new Error();
if (error instanceof TRPCClientError) {
  const typed: TRPCClientError<AppRouter> = error;
  const reason: Reason | undefined = typed.data?.reason;
  const wait: number | undefined = typed.data?.retryAfterMs;
  console.log(reason, wait);
}
console.log(name, nextCursor, errors, graph);
`;

/** Statements with one type error each, and the compiler's code for it. */
const invalid = [
  ['an unknown script kind', "await client.scriptUserState.get.query({ ...target, scriptKind: 'other' })", 'TS2322'],
  ['a missing id', "await client.scriptUserState.get.query({ scriptKind: 'deviceShellScript' })", 'TS2739'],
  [
    'a count in letters',
    "await client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 'x' } })",
    'TS2322',
  ],
  ['an unknown field', 'await client.scriptUserState.update.mutate({ ...target, patch: { pending: 1 } })', 'TS2353'],
  ['an unknown procedure', 'await client.scriptUserState.replace.mutate(target)', 'TS2339'],
  ['a query that is called as a mutation', 'await client.scriptUserState.get.mutate(target)', 'TS2339'],
  ['an unknown output', '(await client.scriptUserState.get.query(target)).pendingDeviceCount', 'TS2339'],
  ['an unknown reason', "const reason: Reason = 'NONE'; console.log(reason)", 'TS2322'],
] as const;

let project: string;
/** The compiler's diagnostics, one per line, including those in libraries. */
let diagnostics: readonly string[];

const diagnosticsOf = (file: string) => diagnostics.filter((line) => line.startsWith(`${file}(`));

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'front-end-'));
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'front-end', private: true, type: 'module' }));
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project]);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  const versions = ['@trpc/client', 'typescript'].map((name) => `${name}@${manifest.devDependencies[name]}`);
  const install = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...install, `./${filename}`, ...versions], { cwd: project });

  const readme = blocksOf(await readPage('README.md'), 'ts');
  const sources = {
    'valid.ts': setUp + validCalls,
    ...Object.fromEntries(readme.map((block, index) => [`readme-${index}.ts`, block])),
    ...Object.fromEntries(invalid.map(([, statement], index) => [`invalid-${index}.ts`, setUp + statement])),
  };
  for (const [name, source] of Object.entries(sources)) await writeFile(join(project, name), source);
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'esnext,dom'];
  // One run for all sources: the types of the libraries take most of its time.
  const compile = [tsc, ...options, '--pretty', 'false', '--skipLibCheck', 'false', ...Object.keys(sources)];
  const output = await run(process.execPath, compile, { cwd: project }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  diagnostics = output.split('\n').filter((line) => line.includes('error TS'));
}, 240_000);

afterAll(() => rm(project, { recursive: true, force: true }));

test('valid calls compile in another repository that has only the client and TypeScript', () => {
  expect(diagnosticsOf('valid.ts')).toEqual([]);
});

test('the calls in the README compile in that repository', async () => {
  const blocks = blocksOf(await readPage('README.md'), 'ts');
  expect(blocks.length).toBeGreaterThan(0);
  for (const index of blocks.keys()) expect(diagnosticsOf(`readme-${index}.ts`)).toEqual([]);
});

test('the types of the libraries compile, and each invalid statement has one error', () => {
  expect(diagnostics).toHaveLength(invalid.length);
});

test.each(invalid.map(([what, , code], index) => [what, code, index] as const))(
  '%s does not compile (%s)',
  (_, code, index) => {
    expect(diagnosticsOf(`invalid-${index}.ts`)).toEqual([expect.stringContaining(code)]);
  },
);

test('the package has nothing to import at run time', async () => {
  const script = "import('script-state-bff').then(() => process.exit(0), (error) => { console.log(error.code); })";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project });
  expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
});
