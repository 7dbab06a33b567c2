import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { build } from 'esbuild';
import { z } from 'zod';

// Packs the client as `script-state-client-<version>.tgz` in the working directory.

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

// Inside the repository, so that the declarations find the libraries. Each run has its own folder.
await mkdir(join(root, 'dist'), { recursive: true });
const output = await mkdtemp(join(root, 'dist/package-'));
const declarations = join(output, 'declarations');

const { version, license } = z
  .object({ version: z.string(), license: z.string() })
  .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));

const manifest = {
  name: 'script-state-client',
  version,
  description: 'A typed client of the script state service',
  license,
  sideEffects: false,
  type: 'module',
  exports: {
    '.': {
      import: { types: './index.d.ts', default: './index.js' },
      require: { types: './index.d.cts', default: './index.cjs' },
      default: './index.js',
    },
  },
  main: './index.cjs',
  types: './index.d.ts',
  files: ['index.*'],
  peerDependencies: { '@trpc/client': '^11.16.0', '@trpc/server': '^11.16.0' },
};

await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src', '--outDir', declarations], { cwd: root });
// The context is an implementation detail of the service. Through it, its declarations would become part of the
// package.
await writeFile(join(declarations, 'api/context.d.ts'), 'export type Context = object;\n');

const entry = join(declarations, 'client/index.d.ts');
const compilerOptions = { module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], strict: true, types: [] };
const { succeeded } = Extractor.invoke(
  ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      compiler: { overrideTsconfig: { compilerOptions, files: [entry] } },
      dtsRollup: { enabled: true, untrimmedFilePath: join(output, 'index.d.ts') },
      messages: { extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } } },
    },
  }),
  { localBuild: true, showVerboseMessages: false },
);
if (!succeeded) throw new Error('The declarations could not be rolled up');

await Promise.all([
  // The types of tRPC differ between ECMAScript modules and CommonJS.
  cp(join(output, 'index.d.ts'), join(output, 'index.d.cts')),
  ...(['esm', 'cjs'] as const).map((format) =>
    build({
      entryPoints: [join(root, 'src/client/index.ts')],
      outfile: join(output, format === 'esm' ? 'index.js' : 'index.cjs'),
      bundle: true,
      packages: 'external',
      platform: 'neutral',
      target: 'es2022',
      format,
    }),
  ),
  cp(join(root, 'src/client/README.md'), join(output, 'README.md')),
  writeFile(join(output, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`),
]);
const destination = ['--pack-destination', process.cwd()];
await run('npm', ['pack', '--ignore-scripts', ...destination, ...process.argv.slice(2)], { cwd: output });
await rm(output, { recursive: true });
