/**
 * Lints the Dockerfile and the Kubernetes manifests: `npm run lint:deployment`. Kubernetes' schemas find invalid values
 * in the manifests; its types, with the compiler, find unknown fields.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { validate } from 'dockerfile-utils';
import { type Manifest, readManifests } from '../support/manifests.js';

type Model = new (object: unknown) => { validate(): void };

/** The manifests as literals. The compiler resolves their types from here. */
const literals = 'node_modules/.cache/manifests.mts';

const dockerfile = (await readFile('Dockerfile', 'utf8').then(validate)).map(
  ({ range, message }) => `Dockerfile:${range.start.line + 1}: ${JSON.stringify(message)}`,
);

const manifests = await readManifests();
const values = (await Promise.all(manifests.map(wrongValues))).flat();

const findings = [...dockerfile, ...values, ...(await unknownFields(manifests))];
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;

async function wrongValues({ file, object }: Manifest): Promise<string[]> {
  try {
    const models = (await import(`kubernetes-models/${object.apiVersion}/${object.kind}`)) as Record<string, Model>;
    const Model = models[object.kind];
    if (Model === undefined) return [`${file}: unknown kind ${object.kind}`];
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${file}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function unknownFields(all: readonly Manifest[]): Promise<string[]> {
  const lines = all.map(({ object }) => {
    const type = `import('kubernetes-models/${object.apiVersion}').I${object.kind}`;
    return `void (${JSON.stringify(object)} satisfies ${type});\n`;
  });
  await mkdir('node_modules/.cache', { recursive: true });
  await writeFile(literals, lines.join(''));
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
  const tsc = ['node_modules/typescript/bin/tsc', ...options, '--skipLibCheck', literals];
  const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: 'utf8' });
  const byLine = stdout.replaceAll(/^.*manifests\.mts\((\d+),\d+\)/gm, (_, line) => all[Number(line) - 1]?.file ?? '');
  return status === 0 ? [] : [byLine.trim()];
}
