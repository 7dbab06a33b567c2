import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { useFixture } from '../support/fixture.js';
import { addressOf, usePrograms } from '../support/program.js';
import { liveSettings, untilReady } from '../support/service.js';

const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** The program as `npm run build:image` bundles it, in a folder of its own. */
const image = useFixture(
  async () => {
    // Within the project, so that the program finds its packages.
    const root = await mkdtemp(resolve('node_modules/.image-'));
    const folder = join(root, 'dist');
    await copyFile('package.json', join(root, 'package.json'));
    const [, options = ''] = /npm run bundle -- (.*?) &&/.exec(scripts['build:image'] ?? '') ?? [];
    const own = `--outdir='${folder}' --metafile='${join(folder, 'inputs.json')}'`;
    await promisify(execFile)('bash', [
      '-c',
      `PATH="$PWD/node_modules/.bin:$PATH"; ${scripts['bundle']} ${options} ${own}`,
    ]);
    return { root, folder, main: join(folder, 'main.js') };
  },
  ({ root }) => rm(root, { recursive: true }),
);
const startProgram = usePrograms();

test('the image contains no source maps and no simulator', async () => {
  const { inputs } = JSON.parse(await readFile(join(image.folder, 'inputs.json'), 'utf8')) as { inputs: object };
  const simulator = Object.keys(inputs).filter((path) => path.startsWith('src/simulator/'));
  // The schema of the settings lists the faults.
  expect(simulator).toEqual(['src/simulator/faults/fault-names.ts']);
  const files = (await readdir(image.folder)).filter((name) => name !== 'inputs.json');
  expect(files).toEqual(expect.arrayContaining(['main.js', 'doctor.js']));
  for (const file of files) {
    expect(file).toMatch(/\.js$/);
    expect(await readFile(join(image.folder, file), 'utf8')).not.toContain('sourceMappingURL');
  }
});

test('the image serves a real Graph', async () => {
  const program = startProgram(image.main, {
    PORT: '0',
    SIGN_IN: 'off',
    ...liveSettings({ baseUrl: 'http://127.0.0.1:1/beta' }),
  });
  await untilReady(await addressOf(program));
});

test.each(['production', 'development'])('the image refuses the simulator with a clear message in %s', async (mode) => {
  const program = startProgram(image.main, { NODE_ENV: mode, PORT: '0', GRAPH_CREDENTIAL: 'simulator' });
  expect(await program.exited).toBe(1);
  expect([...program.stdout, ...program.stderr].join('\n')).toContain(
    'GRAPH_CREDENTIAL: must be access-token, azure or signed-in-user',
  );
});

test('the doctor of the image names the missing simulator', async () => {
  const program = startProgram(join(image.folder, 'doctor.js'), { GRAPH_CREDENTIAL: 'simulator' });
  expect(await program.exited).toBe(1);
  expect([...program.stdout, ...program.stderr].join('\n')).toContain('does not contain the simulator');
});
