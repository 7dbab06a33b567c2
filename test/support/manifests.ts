import { readdir, readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';

/** The folder of the Kubernetes manifests. */
export const manifestsFolder = 'src/deploy/kubernetes';

/** A Kubernetes object and its file. */
export interface Manifest {
  readonly file: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
  };
}

/**
 * Reads every manifest except Kustomize's own file. Each file contains one object.
 *
 * @throws {Error} if one is invalid YAML or has a duplicate key
 */
export async function readManifests(): Promise<readonly Manifest[]> {
  const files = (await readdir(manifestsFolder)).filter(
    (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
  );
  return Promise.all(
    files.map(async (file) => ({ file, object: (await readYaml(`${manifestsFolder}/${file}`)) as Manifest['object'] })),
  );
}

/** Reads a file that contains one YAML document. @throws {Error} if it is invalid or has a duplicate key */
export async function readYaml(path: string): Promise<unknown> {
  const document = parseDocument(await readFile(path, 'utf8'), { strict: true, uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  return document.toJS();
}
