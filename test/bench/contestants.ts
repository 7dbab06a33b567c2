import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import manifest from '../../package.json' with { type: 'json' };
import type { Protocol } from './calls.js';
import { type ServerProcess, startServer } from './server-process.js';
import type { BenchSimulator } from './simulator.js';

/** A part of this service that is replaced in a bundle. */
type Change = 'unaudited' | 'unlimited';

/** A service that passes updates on to Graph. */
export interface Contestant {
  readonly name: string;
  readonly protocol: Protocol;
  /** Its components. */
  readonly description: string;
  /** The file in `contestants`, without its extension; undefined for this service. */
  readonly file?: string;
  /** The change of this service, if it is bundled with one. */
  readonly change?: Change;
}

/** The baseline of the ratios. */
export const bare: Contestant = {
  name: 'bare',
  protocol: 'graph',
  description: '`node:http` and an undici `Pool`; adds the token, streams bodies both ways',
  file: 'bare',
};

/** The usual proxy in front of an API. */
export const expressProxy: Contestant = {
  name: 'http-proxy-middleware',
  protocol: 'graph',
  description: 'on Express, with a keep-alive agent; adds the token',
  file: 'express-proxy',
};

/** This service. */
export const thisService: Contestant = {
  name: 'this service',
  protocol: 'tRPC',
  description: '`npm start`; request log and audit at level `info`',
};

/** This service without its audit trail, which it cannot run without. */
export const unaudited: Contestant = {
  name: 'this service, no trail',
  protocol: 'tRPC',
  description: 'the same, bundled without the audit trail',
  change: 'unaudited',
};

/** This service without the quota of reads, which no setting can raise. */
export const unlimited: Contestant = {
  name: 'this service',
  protocol: 'tRPC',
  description: 'the same, bundled without the quota of reads',
  change: 'unlimited',
};

/** All of them, in the order of the tables. */
export const contestants: readonly Contestant[] = [
  bare,
  expressProxy,
  {
    name: 'stock tRPC',
    protocol: 'tRPC',
    description: 'Express, tRPC, zod in and out, pino-http, global `fetch`',
    file: 'stock',
  },
  {
    name: 'stock tRPC, Graph client',
    protocol: 'tRPC',
    description: 'the same, with `@microsoft/microsoft-graph-client` for `fetch`',
    file: 'graph-client',
  },
  thisService,
  unaudited,
];

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Node's options in `npm start`, which the benchmark gives to every contestant. */
const flags = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** Compiles the contestants into a folder, so that none of them includes a compiler at run time. */
export async function compileContestants(folder: string): Promise<void> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  mkdirSync(join(folder, 'contestants'));
  writeFileSync(join(folder, 'package.json'), packageText);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const project = fileURLToPath(new URL('contestants', import.meta.url));
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', join(folder, 'contestants')], { stdio: 'inherit' });
  for (const change of ['unaudited', 'unlimited'] as const) await bundleChanged(change, join(folder, change));
}

const packageText = JSON.stringify({ type: 'module', version: manifest.version });

/** The audit of the service without a trail: writes go straight to Graph. */
const noAudit = `export const createAudit = () => ({
  record() {},
  async write(_actor, _write, work) {
    const { value } = await work({ onRead() {}, async beforeSend() {} });
    return value;
  },
});
function createUnusedAudit(`;

/** The file of each change, and the text in it that is replaced. */
const changes = {
  unaudited: [/src\/audit\/audit\.ts$/, 'export function createAudit(', noAudit],
  unlimited: [/src\/graph\/graph-service\.ts$/, 'requestsPer20s = 2_000;', 'requestsPer20s = 1_000_000_000;'],
} as const satisfies Record<Change, readonly [RegExp, string, string]>;

async function bundleChanged(change: Change, folder: string): Promise<void> {
  const [filter, text, replacement] = changes[change];
  const replace: Plugin = {
    name: change,
    setup(bundle) {
      bundle.onLoad({ filter }, ({ path }) => {
        const original = readFileSync(path, 'utf8');
        if (!original.includes(text)) throw new Error(`${path} has no "${text}"`);
        return { contents: original.replace(text, replacement), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: [join(root, 'src/main.ts')],
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    plugins: [replace],
  });
  writeFileSync(join(folder, 'package.json'), packageText);
  symlinkSync(join(root, 'dist/console'), join(folder, 'dist/console'));
}

/** Starts a contestant in front of a simulator. @param env more settings, for this service */
export function startContestant(
  { name, file, change }: Contestant,
  simulator: BenchSimulator,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const access = { GRAPH_BASE_URL: simulator.baseUrl, GRAPH_ACCESS_TOKEN: simulator.token };
  if (file !== undefined) {
    const args = [...flags, join(folder, 'contestants', `${file}.js`)];
    return startServer({ name, args, env: { ...access, NODE_ENV: 'production' } }, folder);
  }
  const own = { GRAPH_CREDENTIAL: 'access-token', SIGN_IN: 'off', PORT: '0', GRAPH_WRITES_PER_20S: '1000000' };
  return startServer(
    {
      name,
      args: [...flags, join(change === undefined ? root : join(folder, change), 'dist/main.js')],
      env: { ...access, ...own, ...env },
    },
    folder,
  );
}
