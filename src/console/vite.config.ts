import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { createJsonSchemas } from '../api/json-schemas.js';

/** Smaller files fit into one packet anyway. */
const minCompressedBytes = 1024;

/** Writes the JSON Schemas of the API beside the page, at `schemas.json`. */
function writeSchemas(): Plugin {
  return {
    name: 'write-schemas',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'schemas.json', source: JSON.stringify(createJsonSchemas()) });
    },
  };
}

/** Writes `.br` and `.gz` files beside the assets, which the service serves unchanged. */
function compressAssets(): Plugin {
  return {
    name: 'compress-assets',
    async writeBundle({ dir = '' }, bundle) {
      const names = Object.keys(bundle).filter((name) => /^assets\/.*\.(js|css|svg)$|^schemas\.json$/.test(name));
      await Promise.all(names.map((name) => compress(join(dir, name))));
    },
  };
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  if (content.length < minCompressedBytes) return;
  await Promise.all([
    promisify(brotliCompress)(content).then((compressed) => writeFile(`${path}.br`, compressed)),
    promisify(gzip)(content, { level: 9 }).then((compressed) => writeFile(`${path}.gz`, compressed)),
  ]);
}

/** Lets the browser run `early.ts` as soon as it is loaded. By default, Vite runs it together with the rest. */
function runEarly(): Plugin {
  return {
    name: 'run-early',
    transformIndexHtml(_html, { bundle = {} }) {
      const file = Object.keys(bundle).find((name) => name.startsWith('assets/early-'));
      if (file === undefined) throw new Error('the early script has no file of its own');
      const attrs = { type: 'module', async: true, crossorigin: true, src: `/${file}` };
      return [{ tag: 'script', attrs, injectTo: 'head' }];
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), runEarly(), writeSchemas(), compressAssets()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy does not allow `data:` URLs.
    assetsInlineLimit: 0,
    // A test limits the size of what the page loads initially.
    chunkSizeWarningLimit: 1_000,
    // All supported browsers preload modules.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Few files: over a slow connection, each one waits for those before it.
        codeSplitting: {
          groups: [
            { name: 'early', test: /console.early|preload-helper/, priority: 2 },
            { name: 'initial', tags: ['$initial'], priority: 1 },
            { name: 'overview', test: /overview-page/ },
          ],
        },
      },
    },
  },
  // The service replaces it with a new nonce in every response.
  html: { cspNonce: 'CSP_NONCE' },
});
