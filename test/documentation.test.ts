import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { parseEnv, promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { reasonCodes } from '../src/api/errors.js';
import { procedures } from '../src/api/router.js';
import { clouds } from '../src/clouds.js';
import { type Config, loadConfig, secretFileNames, settingNames } from '../src/config.js';
import { simulatorFaults } from '../src/simulator/faults/fault-names.js';
import { checkHistory } from './soak/checker.js';
import {
  anchorsOf,
  blocksOf,
  codeIn,
  codeOf,
  languagesOf,
  linksOf,
  readPages,
  tableRows,
} from './support/documentation.js';
import { addressOf, type Program, usePrograms } from './support/program.js';

const run = promisify(execFile);
const isPythonInstalled = spawnSync('python3', ['--version']).status === 0;
if (!isPythonInstalled && process.env['CI'] === 'true') throw new Error('CI must have Python');
const pages = await readPages();
const eachPage = pages.map((page) => [page.path, page] as const);
const pageOf = (path: string) => pages.find((page) => page.path === path) ?? expect.fail(path);
const readme = pageOf('README.md');
const simulatorPage = pageOf('src/simulator/README.md');
const clientPage = pageOf('src/client/README.md');
const deployPage = pageOf('src/deploy/README.md');
const example = await readFile('.env.example', 'utf8');

/** The languages of the blocks that are tested one by one. */
const testedBlocks = new Map([
  [readme, ['json', 'ts']],
  [clientPage, ['ts', 'ts', 'ts', 'js', 'js', 'nginx', 'ts', 'python']],
  [deployPage, ['js', 'yaml']],
]);

/** The commands on the pages, except those that are marked as not run by CI. */
const commands = [
  // By .ci/run.
  /^npm ci && npm start$/,
  /^npm install --prefix tracing /,
  // By the tests below.
  /^curl /,
  /^SIMULATOR=/,
  /^SIGN_IN=oidc npm start$/,
  /^npm run doctor$/,
  // By the tests of the package.
  new RegExp(`^npm install ./script-state-client-${manifest.version}.tgz `),
  // By deployment.test.ts.
  /^node -p .*randomBytes/,
];

describe('the settings', () => {
  const names = settingNames as readonly (keyof Config)[];

  test('.env.example lists all of them and changes none', () => {
    const listed = parseEnv(example) as Record<string, string>;
    expect(new Set(Object.keys(listed))).toEqual(new Set([...names, ...secretFileNames]));
    expect(loadConfig(listed)).toEqual(loadConfig({}));
  });

  test('the README lists all of them, in order, with their defaults', () => {
    const defaults = loadConfig({});
    const written = names.map((name) => {
      const value = defaults[name];
      return [name, value === undefined || value instanceof Map ? '–' : String(value)];
    });
    expect(tableRows(readme, 'Settings').map(([name, value]) => [codeIn(name), codeIn(value) ?? value])).toEqual(
      written,
    );
  });

  test.each(pages.flatMap((page) => blocksOf(page, 'env').map((block) => [page.path, block] as const)))(
    'those that %s shows exist and are valid',
    (_, block) => {
      const placeholder = (name: string) => (name === 'OIDC_ISSUER' ? crypto.randomUUID() : 'x'.repeat(32));
      const shown = Object.entries(parseEnv(block)).map(
        ([name, value = '']) => [name, value.replace('…', placeholder(name))] as const,
      );
      const ours = shown.filter(([name]) => !name.startsWith('AZURE_'));
      for (const [name] of ours) expect(settingNames).toContain(name);
      const isWhole = ours.some(([name]) => name === 'GRAPH_CREDENTIAL');
      loadConfig({ ...(isWhole && { NODE_ENV: 'production' }), ...Object.fromEntries(shown) });
    },
  );
});

describe('the README', () => {
  test('has at most 260 lines', () => {
    expect(readme.text.trimEnd().split('\n').length).toBeLessThanOrEqual(260);
  });

  test('lists every procedure', () => {
    const listed = tableRows(readme, 'Procedures').map(([name]) => codeIn(name));
    expect(new Set(listed)).toEqual(new Set(procedures.keys()));
  });

  test('lists every reason with its code', () => {
    const listed = tableRows(readme, 'Errors').map(([reason, name]) => [codeIn(reason), codeIn(name)]);
    expect(Object.fromEntries(listed)).toEqual(reasonCodes);
  });

  test('links to every other page', () => {
    const others = pages.filter((page) => page !== readme).map(({ path }) => path);
    expect(linksOf(readme)).toEqual(expect.arrayContaining(others));
  });
});

test('the map in src/README.md has every folder, and every file beside them', async () => {
  const entries = await readdir('src', { recursive: true, withFileTypes: true });
  const paths = entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name).slice('src/'.length);
    if (entry.isDirectory()) return path.startsWith('console/') ? [] : [`${path}/`];
    return /^[^/]+\.ts$/.test(path) ? [path] : [];
  });
  const rows = pageOf('src/README.md').text.match(/^\| \[.*$/gm) ?? [];
  const mapped = rows.flatMap((row) => [...row.matchAll(/\[([\w/-]+(?:\/|\.ts))\]/g)].map(([, path]) => path));
  expect(new Set(mapped)).toEqual(new Set(paths));
});

test('the simulator’s page explains every setting and every fault of the simulator', () => {
  const explained = codeOf(simulatorPage);
  const settings = settingNames.filter((name) => name.startsWith('SIMULATOR_'));
  expect(explained).toEqual(expect.arrayContaining([...settings, ...simulatorFaults]));
});

test('the page on deployment lists the clouds that the doctor compares', () => {
  const listed = tableRows(deployPage, 'National clouds').map((row) => row.map((cell) => codeIn(cell) ?? cell));
  const known = clouds.map(({ name, graphHost, authorityHost, issuerHost }) => [
    `https://${graphHost}/beta`,
    `https://${authorityHost}`,
    `https://${issuerHost}/TENANT-ID/v2.0`,
    name,
  ]);
  expect(listed).toEqual(known);
});

test('the page on deployment shows every count of the soak', () => {
  const shown = blocksOf(deployPage, 'text').join('\n');
  for (const count of Object.keys(checkHistory({ reported: [], journal: [], audited: [] }, [], 1)))
    expect(shown).toContain(`0  ${count}\n`);
});

describe.each(eachPage)('%s', (_, page) => {
  test('links to existing files and headings', () => {
    for (const link of linksOf(page).filter((target) => !/^https?:/.test(target))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page.path : join(page.folder, path);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(pageOf(target)), link).toContain(anchor);
    }
  });

  test('names existing files', () => {
    // A path with a folder and an ending, a source file, or anything below src and test.
    const isPath = /^(?:[\w.-]+\/)+[\w.-]+\.[a-z]+$|^[\w-]+\.tsx?$|^(?:src|test)\/[\w./-]+$/;
    const missing = codeOf(page)
      .filter((text) => isPath.test(text) && !text.startsWith('dist/'))
      .filter((text) => !existsSync(text) && !existsSync(join(page.folder, text)));
    expect(missing).toEqual([]);
  });

  test('names existing npm scripts', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...page.text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    for (const name of [...named, 'start', 'test']) expect(Object.keys(scripts)).toContain(name);
  });

  test('shows only tested commands and code', () => {
    const shown = blocksOf(page, 'sh').filter((block) => !block.startsWith('# not run by CI\n'));
    const untested = shown.filter((block) => !commands.some((command) => command.test(block.trimEnd())));
    expect(untested).toEqual([]);
    // The other languages are tested block by block: here, or in the tests of traces, the deployment and the client.
    const others = languagesOf(page).filter((language) => !['sh', 'env', 'text'].includes(language));
    expect(others).toEqual(testedBlocks.get(page) ?? []);
  });
});

describe('the examples on the pages', () => {
  const startProgram = usePrograms();
  let address: string;
  const here = (text: string) => text.replaceAll('http://127.0.0.1:3000', address);

  beforeAll(async () => {
    address = await addressOf(startProgram('dist/main.js', { PORT: '0' }));
  });

  test('the call with curl returns the response below it', async () => {
    const [call = ''] = blocksOf(readme, 'sh').filter((block) => block.startsWith('curl'));
    const [answer = ''] = blocksOf(readme, 'json');
    const { stdout } = await run('bash', ['-c', here(call)]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(answer));
  });

  test.each([
    ['the typed call', readme, 'script.list', /^\[\n {2}'.*/],
    ['the update', clientPage, 'mutate({ ...script', /^.*@.* \d+ [\w-]+:[\w-]+$[\s\S]*^now 0$/m],
    ['the stream of many updates', clientPage, 'updateMany.mutate', /^0 of (\d+)$[\s\S]*^\1 of \1$/m],
  ])('%s runs', async (_, page, mark, output) => {
    const [snippet, ...others] = blocksOf(page, 'ts').filter((block) => block.includes(mark));
    expect(others).toEqual([]);
    const file = `node_modules/.cache/readme-${mark.replaceAll(/\W/g, '')}.mts`;
    await mkdir('node_modules/.cache', { recursive: true });
    await writeFile(file, here(snippet ?? '').replace("'script-state-client'", "'../../src/client/index.js'"));
    expect((await run(process.execPath, ['--import', 'tsx', file])).stdout).toMatch(output);
  });

  test('the calls with curl on the client’s page succeed', async () => {
    const [calls = ''] = blocksOf(clientPage, 'sh').filter((block) => block.startsWith('curl'));
    const { stdout } = await run('bash', ['-c', here(calls)]);
    const one = '{"result":{"data":{"items":[';
    expect(stdout).toMatch(/"id".*\]\}\}\}\[\{"result":\{"data":\{"user":.*\}\},\{"result":\{"data":\{"items":.*\]$/s);
    expect(stdout.startsWith(one)).toBe(true);
  });

  test.skipIf(!isPythonInstalled)('the script in Python prints how many states each script has', async () => {
    const [script = ''] = blocksOf(clientPage, 'python').map(here);
    const { stdout } = await run('python3', ['-c', script], { env: { ...process.env, no_proxy: '*' } });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^.+ \d+$/);
  });

  test('the doctor prints the output on the page', async () => {
    const text = blocksOf(deployPage, 'text').find((block) => block.startsWith('ok')) ?? '';
    const doctor = startProgram('dist/doctor.js');
    expect(await doctor.exited).toBe(0);
    expect(doctor.stdout).toEqual(text.trim().split('\n'));
  });
});

describe('the simulator with its identity provider', () => {
  const startProgram = usePrograms();
  let program: Program;
  let simulator: string;

  beforeAll(async () => {
    program = startProgram('dist/main.js', { PORT: '0', SIGN_IN: 'oidc' });
    simulator = /http:\/\/[\d.:]+(?=\/simulator)/.exec(await program.line('/simulator'))?.[0] ?? '';
  });

  /** Runs a script in which a failed request is an error. */
  const shell = (script: string) =>
    run('bash', ['-euo', 'pipefail', '-c', `curl() { command curl --fail "$@"; }\n${script}`]);

  test('is the target of the redirect at sign-in', async () => {
    const { port } = new URL(await addressOf(program));
    const { headers } = await fetch(`http://localhost:${port}/auth/sign-in`, { redirect: 'manual' });
    expect(headers.get('location')).toContain(`${simulator}/identity/`);
  });

  test('accepts every command on its page', async () => {
    const blocks = blocksOf(simulatorPage, 'sh').join('\n').replaceAll('http://127.0.0.1:PORT', simulator);
    const examples = codeOf(simulatorPage).filter((code) => /^curl .*\$SIMULATOR/.test(code) && !/\bCODE\b/.test(code));
    expect(examples.length).toBeGreaterThan(5);
    await shell([blocks, ...examples].join('\n'));
  });
});
