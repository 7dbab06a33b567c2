import { readdir, readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';

/** Where the manifests for Kubernetes lie. */
export const manifestsFolder = 'src/deploy/kubernetes';

/** An object for Kubernetes, and the file it is in. */
export interface Manifest {
  readonly file: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
  };
}

/**
 * Reads every manifest, without Kustomize's own file; each file holds one object.
 *
 * @throws {Error} when one can't be read, or says something twice
 */
export async function readManifests(): Promise<readonly Manifest[]> {
  const files = (await readdir(manifestsFolder)).filter(
    (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
  );
  return Promise.all(
    files.map(async (file) => ({ file, object: (await readYaml(`${manifestsFolder}/${file}`)) as Manifest['object'] })),
  );
}

/** Reads a file of one YAML document. */
export async function readYaml(path: string): Promise<unknown> {
  const document = parseDocument(await readFile(path, 'utf8'), { strict: true, uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  return document.toJS();
}
