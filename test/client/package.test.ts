import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { blocksOf, readPage } from '../support/documentation.js';
import { createFrontEnd, type FrontEnd, packClient } from '../support/front-end.js';

const versions = ['5.7.3', '5.9.3', '6.0.3', '7.0.2'] as const;
type Version = (typeof versions)[number];
const resolutions = ['bundler', 'node16', 'nodenext'] as const;
type Resolution = (typeof resolutions)[number];

/** The resolution of bundlers is tested with the oldest and the newest compiler. */
const resolutionsOf = (version: Version) =>
  version === versions[0] || version === versions.at(-1)
    ? resolutions
    : resolutions.filter((name) => name !== 'bundler');

/** What a library does with the client: everything that it exports has an inferred type. */
const library = `
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { type AppRouter, createClient, type ErrorData, isReason, links, type RouterInputs, type RouterOutputs } from 'script-state-client';

export const client = createClient({ url: 'http://localhost:3000/trpc', headers: () => ({ authorization: undefined }) });
export const own = createTRPCClient<AppRouter>({ links: links({ headers: { 'x-tenant': 'a' } }) });
export const plain = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/trpc', headers: { 'x-csrf': '1' } })] });
export const target: RouterInputs['scriptUserState']['get'] = { scriptKind: 'deviceShellScript', scriptId: 'a', userStateId: 'b' };

export async function correct() {
  const state = await client.scriptUserState.update.mutate({
    ...target, patch: { successDeviceCount: 2 }, approval: { justification: 'CHG-1' },
  });
  const name: string | null = state.userPrincipalName;
  return { name, state };
}
export const list = () => own.scriptUserState.list.query({ scriptKind: 'deviceShellScript', scriptId: 'a', cursor: undefined });
export const devices = () => plain.deviceRunState.list.query(target);
export async function correctAll(updates: RouterInputs['scriptUserState']['updateMany']['updates']) {
  const failures: { index: number; data: ErrorData }[] = [];
  for await (const event of await client.scriptUserState.updateMany.mutate({ updates })) {
    if (event.type === 'progress') console.log(event.done / event.total);
    else if (!event.ok) failures.push({ index: event.index, data: event.error.data });
    else console.log(event.userState.errorDeviceCount);
  }
  return failures;
}
export function describe(error: unknown) {
  if (isReason(error, 'NOT_APPLIED')) return error.data.current.id;
  if (isReason(error, 'INVALID_INPUT')) return error.data.issues.map(({ path, message }) => path.join('.') + message);
  if (error instanceof TRPCClientError) {
    const { data }: TRPCClientError<AppRouter> = error;
    if (data?.reason === 'OVERLOADED') return data.retryAfterMs.toFixed();
    return data?.approvalCode;
  }
  return undefined;
}
export type State = RouterOutputs['scriptUserState']['get'];
`;

/** The same in a CommonJS module, whose imports have another form if \`verbatimModuleSyntax\` is set. */
const commonJs = `
import client = require('script-state-client');
const states = client.createClient();
const get = (scriptId: string, userStateId: string) =>
  states.scriptUserState.get.query({ scriptKind: 'deviceManagementScript', scriptId, userStateId });
const isMissing = (error: unknown) => client.isReason(error, 'GRAPH_NOT_FOUND');
export = { states, get, isMissing };
`;

const setUp = `
import { createClient, isReason, type Reason } from 'script-state-client';
const client = createClient();
const target = { scriptKind: 'deviceShellScript', scriptId: 'a', userStateId: 'b' } as const;
`;

/** Statements with one type error each, and the compiler's code for it. */
const invalid = [
  ['an unknown script kind', "await client.scriptUserState.get.query({ ...target, scriptKind: 'other' })", 'TS2322'],
  ['a missing id', "await client.scriptUserState.get.query({ scriptKind: 'deviceShellScript' })", 'TS2345'],
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
  [
    'a detail that the reason does not guarantee',
    "const error: unknown = 0; if (isReason(error, 'CONFLICT')) console.log(error.data.current.id)",
    'TS18048',
  ],
] as const;

const strict = {
  strict: true,
  declaration: true,
  composite: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  target: 'es2022',
  lib: ['esnext', 'dom'],
};

/** Statements in which `|` marks where the pointer is, and what an editor shows there. */
const hovers = [
  ["import { createClient } from 'script-state-client'; const client = create|Client();", 'Creates a client.'],
  ['void client.scriptUserState.up|date;', 'Changes a state and returns it'],
  ['void client.scriptUserState.updateMany.mutate({ upd|ates: [] });', '1 to 5,000 updates'],
  ["void client.script.list.query({ script|Kind: 'deviceShellScript' });", 'for macOS and Linux'],
  [
    'void client.deviceRunState.list.query(null!).then(({ items: [state] }) => state?.result|Message);',
    'What the script printed',
  ],
  [
    'void client.scriptUserState.get.query(null!).then((state) => state.userPrincipal|Name);',
    'deleted from the directory',
  ],
] as const;

/** Prints what TypeScript's language service shows at the given positions of a file. */
const hoverScript = `
import { readFileSync } from 'node:fs';
import ts from 'typescript-5.9.3';
const [file, ...offsets] = process.argv.slice(2);
const options = { module: ts.ModuleKind.NodeNext, strict: true, types: [], lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'] };
const service = ts.createLanguageService({
  ...ts.sys,
  useCaseSensitiveFileNames: () => true,
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name) => ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
});
const shown = offsets.map((offset) => service.getQuickInfoAtPosition(file, Number(offset)));
console.log(JSON.stringify(shown.map((info) => ts.displayPartsToString(info?.documentation ?? []))));
`;

const trpc = (version: string) => [`@trpc/client@${version}`, `@trpc/server@${version}`];
const currentTrpc = manifest.devDependencies['@trpc/client'];

/** The project with all compilers. */
let main: FrontEnd;

/** Compiles files with one version of TypeScript, and returns the errors, those in libraries included. */
async function compile(project: FrontEnd, version: Version, options: object, files: readonly string[]) {
  const name = `tsconfig-${crypto.randomUUID()}.json`;
  const compilerOptions = { ...strict, outDir: `out/${name}`, ...options };
  await project.write({ [name]: JSON.stringify({ compilerOptions, files }) });
  const compiler = join(main.folder, `node_modules/typescript-${version}/bin/tsc`);
  const output = await project
    .run(compiler, '-p', name, '--pretty', 'false')
    .catch((error: { stdout: string }) => error.stdout);
  return output.split('\n').filter((line) => line.includes('error TS'));
}

const optionsOf = (resolution: Resolution) => ({
  module: resolution === 'bundler' ? 'esnext' : resolution,
  moduleResolution: resolution,
});

let packed: string;
const readme = blocksOf(await readPage('src/client/README.md'), 'ts');

beforeAll(async () => {
  packed = await packClient();
  const compilers = versions.map((version) => `typescript-${version}@npm:typescript@${version}`);
  main = await createFrontEnd([packed, ...trpc(currentTrpc), ...compilers]);
  await main.write({
    'library.mts': library,
    'module.cts': commonJs,
    ...Object.fromEntries(invalid.map(([, statement], index) => [`invalid-${index}.mts`, setUp + statement])),
  });
}, 240_000);

describe.each(versions)('with TypeScript %s', (version) => {
  test.each(resolutionsOf(version))(
    'a library of the strictest settings compiles with the resolution %s',
    async (resolution) => {
      // With the resolution of bundlers, there are no CommonJS modules.
      const files = resolution === 'bundler' ? ['library.mts'] : ['library.mts', 'module.cts'];
      expect(await compile(main, version, optionsOf(resolution), files)).toEqual([]);
    },
  );
});

/** The declarations of earlier versions of tRPC do not compile without `skipLibCheck`. */
const isInTrpc = (error: string) => error.startsWith('node_modules/@trpc/');

test('with the oldest supported version of tRPC, a library compiles', async () => {
  const project = await createFrontEnd([packed, ...trpc('11.16.0')]);
  await project.write({ 'library.mts': library, 'module.cts': commonJs });
  const errors = await compile(project, '7.0.2', optionsOf('nodenext'), ['library.mts', 'module.cts']);
  expect(errors.filter((error) => !isInTrpc(error))).toEqual([]);
});

test('the calls in the README of the package compile, those with TanStack Query included', async () => {
  // The newest version of the integration, and the only version of tRPC that it accepts.
  const query = ['@trpc/tanstack-react-query@11.22.1', ...trpc('11.22.1'), '@tanstack/react-query@5.108.0'];
  const project = await createFrontEnd([packed, ...query, 'react@19.3.1', '@types/react@19.3.0', 'typescript@5.9.3']);
  const sources = Object.fromEntries(readme.map((block, index) => [`readme-${index}.mts`, block]));
  await project.write(sources);
  expect(Object.keys(sources)).not.toEqual([]);
  const options = { ...optionsOf('nodenext'), composite: false, declaration: false };
  const errors = await compile(project, '7.0.2', options, Object.keys(sources));
  expect(errors.filter((error) => !isInTrpc(error))).toEqual([]);
});

test('mistakes do not compile', async () => {
  const files = [...invalid.keys()].map((index) => `invalid-${index}.mts`);
  const errors = await compile(
    main,
    '5.9.3',
    { ...optionsOf('nodenext'), composite: false, declaration: false, noEmit: true },
    files,
  );
  const codesOf = (file: string) => errors.filter((line) => line.startsWith(`${file}(`)).map(codeOfError);
  expect(invalid.map(([what], index) => [what, codesOf(`invalid-${index}.mts`)])).toEqual(
    invalid.map(([what, , code]) => [what, [code]]),
  );
  expect(errors).toHaveLength(invalid.length);
});

const codeOfError = (line: string) => /TS\d+/.exec(line)?.[0];

test('editors show the comments of procedures, inputs and outputs', async () => {
  await main.write({
    'hover.mts': hovers.map(([statement]) => statement.replace('|', '')).join('\n'),
    'hover.mjs': hoverScript,
  });
  const offsets = hovers.map(([statement], index) => {
    const before = hovers.slice(0, index).map(([other]) => other.replace('|', '').length + 1);
    return before.reduce((sum, length) => sum + length, statement.indexOf('|'));
  });
  const shown = JSON.parse(await main.run('hover.mjs', 'hover.mts', ...offsets.map(String))) as readonly string[];
  expect(shown).toEqual(hovers.map(([, comment]): unknown => expect.stringContaining(comment)));
});
