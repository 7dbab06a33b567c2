import { build, type Rolldown } from 'vite';
import { beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createFrontEnd, type FrontEnd, packClient } from '../support/front-end.js';

/** Imports a type among values, which a bundler resolves at run time. */
const page = `
import { type AppRouter, createClient, isReason } from 'script-state-client';
export type Router = AppRouter;
createClient().session.current.query().catch((error) => console.log(isReason(error, 'SIGN_IN_REQUIRED')));
`;

let frontEnd: FrontEnd;
beforeAll(async () => {
  const trpc = ['@trpc/client', '@trpc/server'].map((name) => `${name}@${manifest.devDependencies['@trpc/client']}`);
  frontEnd = await createFrontEnd([await packClient(), ...trpc]);
}, 240_000);

test('a Vite build contains the client and tRPC’s, no code of the server, and stays small', async () => {
  await frontEnd.write({ 'index.html': '<script type="module" src="/page.ts"></script>', 'page.ts': page });
  const result = (await build({
    root: frontEnd.folder,
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  const chunks = result.output.filter((file) => file.type === 'chunk');
  const modules = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .map((id) => /node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0]);
  const packages = new Set(modules.filter((name) => name !== undefined));
  expect(packages).toEqual(
    new Set(['@trpc/client', '@trpc/server', 'script-state-client'].map((name) => `node_modules/${name}`)),
  );
  const size = chunks.reduce((sum, { code }) => sum + code.length, 0);
  expect(size).toBeGreaterThan(2_000);
  expect(size).toBeLessThan(40_000);
});

test.each([
  ['as ECMAScript module', 'module', "import * as client from 'script-state-client';"],
  ['as CommonJS', 'commonjs', "const client = require('script-state-client');"],
])('Node loads the package %s', async (_, type, load) => {
  const print = 'console.log(Object.keys(client).filter((name) => name !== "module.exports").sort().join());';
  const output = await frontEnd.run(`--input-type=${type}`, '-e', `${load} ${print}`);
  expect(output.trim()).toBe('createClient,isReason,links');
});

test('the package has few, small files', async () => {
  const list = "console.log(JSON.stringify(require('fs').readdirSync('node_modules/script-state-client').sort()))";
  expect(JSON.parse(await frontEnd.run('-e', list))).toEqual([
    'README.md',
    'index.cjs',
    'index.d.cts',
    'index.d.ts',
    'index.js',
    'package.json',
  ]);
});
