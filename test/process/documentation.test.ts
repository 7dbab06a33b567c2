import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseEnv, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasonCodes } from '../../src/api/errors.js';
import { procedures } from '../../src/api/router.js';
import { type Config, loadConfig, settingNames } from '../../src/config.js';
import { addressOf, type Program, startProgram } from '../support/process.js';

const run = promisify(execFile);
const readme = await readFile('README.md', 'utf8');
const example = await readFile('.env.example', 'utf8');

/** The fenced blocks of one language. */
const blocks = (language: string) =>
  [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body]) =>
    name === language ? (body ?? '') : [],
  );

/** The rows of the table under a heading, as lists of cells. */
function rows(heading: string): string[][] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

const code = (cell: string | undefined) => /^`([^`]+)`$/.exec(cell ?? '')?.[1];

describe('the settings', () => {
  const names = settingNames as readonly (keyof Config)[];

  test('.env.example lists all of them, and as it stands changes none', () => {
    const listed = parseEnv(example) as Record<string, string>;
    expect(new Set(Object.keys(listed))).toEqual(new Set(names));
    expect(loadConfig(listed)).toEqual(loadConfig({}));
  });

  test('the README lists all of them, in order, with their defaults', () => {
    const defaults = loadConfig({});
    const written = names.map((name) => {
      const value = defaults[name];
      return [name, value === undefined || value instanceof Map ? '–' : String(value)];
    });
    expect(rows('Settings').map(([name, value]) => [code(name), code(value) ?? value])).toEqual(written);
  });
});

test('the README lists every procedure', () => {
  const listed = rows('Procedures').map(([name]) => code(name));
  expect(new Set(listed)).toEqual(new Set(procedures.keys()));
});

test('the README lists every reason with its code', () => {
  const listed = rows('Errors').map(([reason, name]) => [code(reason), code(name)]);
  expect(Object.fromEntries(listed)).toEqual(reasonCodes);
});

test('the simulator explains every setting of its own', async () => {
  const page = await readFile('src/simulator/README.md', 'utf8');
  for (const setting of settingNames.filter((name) => name.startsWith('SIMULATOR_')))
    expect(page).toContain(`\`${setting}\``);
});

describe('what the README shows', () => {
  let program: Program;
  let address: string;
  const here = (text: string) => text.replaceAll('http://127.0.0.1:3000', address);

  beforeAll(async () => {
    program = startProgram('dist/main.js', { PORT: '0' });
    address = await addressOf(program);
  });
  afterAll(async () => {
    program.child.kill();
    await program.exited;
  });

  test('the call by curl gives the answer that stands under it', async () => {
    const [call = ''] = blocks('sh').filter((block) => block.startsWith('curl'));
    const [answer = ''] = blocks('json');
    const { stdout } = await run('bash', ['-c', here(call)]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(answer));
  });

  test.each([
    ['the typed call', 'mutate({ ...script', /^.*@.* \d+ [\w-]+:[\w-]+$[\s\S]*^now 0$/m],
    ['the stream of many updates', 'updateMany.mutate', /^0 of (\d+)$[\s\S]*^\1 of \1$/m],
  ])('%s runs', async (_, mark, output) => {
    const [snippet, ...others] = blocks('ts').filter((block) => block.includes(mark));
    expect(others).toEqual([]);
    const file = `node_modules/.cache/readme-${mark.replaceAll(/\W/g, '')}.mts`;
    await mkdir('node_modules/.cache', { recursive: true });
    await writeFile(file, here(snippet ?? ''));
    expect((await run(process.execPath, ['--import', 'tsx', file])).stdout).toMatch(output);
  });

  test('the doctor says what stands there', async () => {
    const text = blocks('text').find((block) => block.startsWith('ok')) ?? '';
    const doctor = startProgram('dist/doctor.js');
    expect(await doctor.exited).toBe(0);
    expect(doctor.stdout).toEqual(text.trim().split('\n'));
  });

  test('every command of npm that is named exists', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    for (const name of [...named, 'start', 'test']) expect(Object.keys(scripts)).toContain(name);
  });
});
