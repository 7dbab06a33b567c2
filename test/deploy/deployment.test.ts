import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { parseEnv, promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, secretFileNames, settingNames } from '../../src/config.js';
import { longestStopMs } from '../../src/service.js';
import { blocksOf, linksOf, readPage } from '../support/documentation.js';
import { manifestsFolder, readManifests, readYaml } from '../support/manifests.js';
import { startNode } from '../support/process.js';
import { useService } from '../support/service.js';

const dockerfile = await readFile('Dockerfile', 'utf8');
const page = await readPage('src/deploy/README.md');
const ci = await readFile('.ci/run', 'utf8');
const ours = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
};
const settings = parseEnv(await readFile(`${manifestsFolder}/settings.env`, 'utf8')) as Record<string, string>;

/** The arguments of every instruction of one name, with continued lines joined. */
const instructions = (name: string) =>
  dockerfile
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));

/** The parts of the manifests that are compared with the code. */
interface Container {
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom: unknown;
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly startupProbe: unknown;
  readonly livenessProbe: unknown;
  readonly readinessProbe: unknown;
  readonly resources: { readonly requests?: object; readonly limits?: object };
  readonly securityContext: unknown;
}

const manifests = await readManifests();
/** The one object of a kind. */
function the(kind: string): unknown {
  const found = manifests.filter(({ object }) => object.kind === kind);
  expect(found).toHaveLength(1);
  return found[0]?.object;
}

const deployment = (
  the('Deployment') as {
    spec: {
      selector: { matchLabels: Record<string, string> };
      template: {
        metadata: { labels: Record<string, string>; annotations: Record<string, string> };
        spec: {
          serviceAccountName: string;
          terminationGracePeriodSeconds: number;
          securityContext: Record<string, unknown>;
          topologySpreadConstraints: readonly unknown[];
          containers: [Container];
        };
      };
    };
  }
).spec;
const pod = deployment.template;
const [container] = pod.spec.containers;
const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
const secrets = Object.fromEntries(
  container.env.map(({ name }) => [name, name === 'REDIS_URL' ? 'rediss://redis.example.com:6380' : 'x'.repeat(32)]),
);

/** The settings of the image, overridden by those of the manifests. */
const image = parseEnv(instructions('ENV').join('\n').replaceAll(' ', '\n')) as Record<string, string>;
const config = loadConfig({ ...image, ...settings, ...secrets });

describe('the image', () => {
  test('is built by npm commands only, each of which CI also runs', () => {
    const lines = ci.split('\n').map((line) => line.trim());
    expect(instructions('RUN')).toEqual(['npm ci', 'npm run build:image', 'npm ci --omit=dev --legacy-peer-deps']);
    for (const command of instructions('RUN')) expect(lines).toContain(command);
  });

  test('contains the program and its production dependencies', () => {
    const stages = new Map(
      dockerfile
        .split(/^FROM /m)
        .slice(1)
        .map((stage) => [/^.* AS (\w+)$/m.exec(stage)?.[1] ?? 'last', stage]),
    );
    const omitting = [...stages].flatMap(([name, stage]) => (/^RUN npm ci .*--omit=dev/m.test(stage) ? [name] : []));
    const [dependencies] = omitting;
    expect(omitting).toHaveLength(1);
    expect([...stages.keys()].at(-1)).toBe('last');
    expect(stages.get('last')?.match(/^COPY .*$/gm)).toEqual([
      `COPY --from=${dependencies} /app/node_modules node_modules`,
      'COPY --from=build /app/dist dist',
      'COPY package.json ./',
    ]);
    expect(stages.get('last')).not.toMatch(/^(RUN|ADD) /m);
  });

  test('uses one exact version of Node, of a major version that CI tests', () => {
    const [, major] = /^NODE=node:(\d+)\.\d+\.\d+-slim$/.exec(instructions('ARG').join('\n')) ?? [];
    const tested = /^for version in (.*); do$/m.exec(ci)?.[1]?.split(' ');
    expect(tested).toContain(major);
    expect(new Set(instructions('FROM').map((from) => from.split(' ')[0]))).toEqual(new Set([`\${NODE}`]));
  });

  test('starts as `npm start` does', () => {
    const command = (JSON.parse(instructions('CMD').join('\n')) as string[]).join(' ');
    expect(ours.scripts['start']).toBe(`npm run build && ${command}`);
  });

  test('runs as a numeric user that is not root and is the one in the manifests', () => {
    const [user, group] = instructions('USER').join('\n').split(':').map(Number);
    expect(user).toBeGreaterThan(0);
    expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: user, runAsGroup: group });
  });

  test('copies nothing that .dockerignore excludes', async () => {
    const ignored = (await readFile('.dockerignore', 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
    const copied = instructions('COPY')
      .filter((copy) => !copy.startsWith('--from='))
      .flatMap((copy) => copy.split(' ').slice(0, -1));
    expect(ignored).toEqual(['*', ...[...new Set(copied)].map((name) => `!${name}`)]);
  });

  test('exposes the port it listens on', () => {
    expect(instructions('EXPOSE')).toEqual([String(loadConfig({}).PORT)]);
  });
});

describe('the settings of the manifests', () => {
  test('exist, and suffice in production', () => {
    const known = [...settingNames, ...secretFileNames];
    for (const name of Object.keys({ ...settings, ...secrets, ...image })) expect(known).toContain(name);
    expect(config).toMatchObject({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      SIGN_IN: 'oidc',
      GRAPH_CREDENTIAL: 'azure',
      AZURE_TOKEN_CREDENTIALS: 'WorkloadIdentityCredential',
    });
  });

  test('contain no secret', () => {
    for (const name of Object.keys(settings)) expect(name).not.toMatch(/SECRET|TOKEN$|REDIS/);
    expect(manifests.map(({ object }) => object.kind)).not.toContain('Secret');
    for (const { name, valueFrom } of container.env)
      expect(valueFrom.secretKeyRef).toEqual({ key: name, name: 'script-state-bff' });
  });
});

describe('the manifests', () => {
  test('are all listed for Kustomize, which generates the settings', async () => {
    const base = (await readYaml(`${manifestsFolder}/kustomization.yaml`)) as { readonly resources: readonly string[] };
    expect(new Set(base.resources)).toEqual(new Set(manifests.map(({ file }) => file)));
    expect(base).toMatchObject({ configMapGenerator: [{ name: 'script-state-bff', envs: ['settings.env'] }] });
    expect(container.envFrom).toEqual([{ configMapRef: { name: 'script-state-bff' } }]);
    expect((await readdir(manifestsFolder)).length).toBe(manifests.length + 2);
  });

  test('select the deployment’s pods', () => {
    const labels = { 'app.kubernetes.io/name': 'script-state-bff' };
    expect(deployment.selector.matchLabels).toEqual(labels);
    expect(pod.metadata.labels).toMatchObject({ ...labels, 'azure.workload.identity/use': 'true' });
    expect(the('Service')).toMatchObject({ spec: { selector: labels } });
    expect(the('PodDisruptionBudget')).toMatchObject({ spec: { selector: { matchLabels: labels } } });
    expect(the('NetworkPolicy')).toMatchObject({ spec: { podSelector: { matchLabels: labels } } });
    for (const spread of pod.spec.topologySpreadConstraints)
      expect(spread).toMatchObject({ labelSelector: { matchLabels: labels } });
    expect(the('ServiceAccount')).toMatchObject({ metadata: { name: pod.spec.serviceAccountName } });
  });

  test('use the ports that the service listens on', () => {
    expect(ports).toEqual({ http: config.PORT, metrics: config.METRICS_PORT });
    expect(pod.metadata.annotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(config.METRICS_PORT),
      'prometheus.io/path': '/metrics',
    });
    expect(the('Service')).toMatchObject({ spec: { ports: [{ name: 'http', targetPort: 'http' }] } });
    expect((the('NetworkPolicy') as NetworkPolicy).spec.ingress.flatMap((rule) => rule.ports)).toEqual([
      { port: 'http' },
      { port: 'metrics' },
    ]);
  });

  test('deny traffic by default and allow egress to DNS and to the hosts of the settings', () => {
    const { egress, policyTypes } = (the('NetworkPolicy') as NetworkPolicy).spec;
    // Without its type here, a rule denies nothing.
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(egress.flatMap((rule) => rule.ports)).toEqual(
      expect.arrayContaining([
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ]),
    );
    const open = egress.filter((rule) => rule.to === undefined).flatMap((rule) => rule.ports.map(({ port }) => port));
    const { OIDC_ISSUER, GRAPH_BASE_URL, REDIS_URL } = config;
    const wanted = [OIDC_ISSUER, GRAPH_BASE_URL, REDIS_URL?.reveal()].map((url) =>
      Number(new URL(String(url)).port || 443),
    );
    expect(open).toEqual(expect.arrayContaining(wanted));
  });

  test('allow enough time for a graceful shutdown', () => {
    expect(pod.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(longestStopMs(config));
    expect(page.text).toContain(`at most ${longestStopMs(config) / 1_000} s | \`terminationGracePeriodSeconds\``);
  });

  test('replace a replica before they remove it', () => {
    expect(deployment).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    });
    // With 0, no node could ever be drained.
    expect(the('PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: 1 } });
  });

  test('grant a replica no privileges and limit its memory', () => {
    expect(pod.spec.securityContext).toMatchObject({ seccompProfile: { type: 'RuntimeDefault' } });
    expect(Object.keys(container.resources.requests ?? {})).toEqual(['cpu', 'memory']);
    expect(container.resources.limits).toHaveProperty('memory');
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('use the host of PUBLIC_URL', () => {
    const host = config.PUBLIC_URL?.hostname;
    expect(the('Ingress')).toMatchObject({
      spec: {
        tls: [{ hosts: [host], secretName: 'script-state-bff-tls' }],
        rules: [
          { host, http: { paths: [{ backend: { service: { name: 'script-state-bff', port: { name: 'http' } } } }] } },
        ],
      },
    });
  });

  test('name the image that the documentation builds, at the version of the package', () => {
    expect(container.image).toBe(`${ours.name}:${ours.version}`);
    expect(page.text).toContain(`docker build --tag ${container.image} .`);
  });
});

describe('a health check', () => {
  const service = useService();

  test.each([
    ['startupProbe', '/healthz'],
    ['livenessProbe', '/healthz'],
    ['readinessProbe', '/readyz'],
  ] as const)('by %s requests %s, which exists', async (probe, path) => {
    expect(container[probe]).toMatchObject({ httpGet: { path, port: 'http' } });
    expect((await fetch(`${service.address}${path}`)).status).toBe(200);
  });

  test('of the image succeeds only when the service responds', async () => {
    const [, command = '[]'] = / CMD (\[.*)/.exec(instructions('HEALTHCHECK').join('\n')) ?? [];
    const [node, ...words] = JSON.parse(command) as string[];
    const check = (port: string) => startNode(words, { PORT: port }, { stdio: 'ignore' }).exited;
    expect(node).toBe('node');
    expect(words.join(' ')).toContain('/healthz`');
    expect(await check(service.url.port)).toBe(0);
    expect(await check('1')).toBe(1);
  });
});

describe('the documentation', () => {
  test('lists every manifest', () => {
    const linked = linksOf(page).map((link) => join(page.folder, link));
    expect(linked).toEqual(expect.arrayContaining(manifests.map(({ file }) => join(manifestsFolder, file))));
  });

  test('shows an overlay that changes fields of the manifests', async () => {
    const [yaml = ''] = blocksOf(page, 'yaml');
    const overlay = parse(yaml) as Overlay;
    expect(overlay.resources).toEqual([expect.stringContaining(manifestsFolder)]);
    expect(overlay.images.map(({ name }) => name)).toEqual([container.image.split(':')[0]]);
    const [generator] = overlay.configMapGenerator;
    expect(generator).toMatchObject({ name: 'script-state-bff', behavior: 'merge' });
    const own = parseEnv(generator.literals.join('\n')) as Record<string, string>;
    expect(loadConfig({ ...image, ...settings, ...own, ...secrets }).PUBLIC_URL?.hostname).not.toBe(
      config.PUBLIC_URL?.hostname,
    );
    for (const { target, patch } of overlay.patches) {
      const object = the(target.kind);
      for (const { path } of parse(patch) as { path: string }[]) expect(at(object, path)).toBeDefined();
    }
  });

  test('has a changelog whose first entry is the version of the package', async () => {
    const { text } = await readPage('src/deploy/upgrading.md');
    const [, changelog = ''] = text.split(/^## Changelog$/m);
    expect(/^### (\S+)/m.exec(changelog)?.[1]).toBe(ours.version);
  });

  test('repeats every drill with a command that runs at least one test', async () => {
    const drills = [...page.text.matchAll(/`npx vitest run (\S+) -t (?:"([^"]+)"|(\S+))`/g)].map(
      ([, file = '', quoted, word = '']) => ({ file, pattern: quoted ?? word }),
    );
    expect(drills.length).toBeGreaterThanOrEqual(12);
    const list = ['node_modules/vitest/vitest.mjs', 'list', '--json', '--project', 'service'];
    const files = [...new Set(drills.map(({ file }) => file))];
    const { stdout } = await promisify(execFile)(process.execPath, [...list, ...files]);
    const tests = JSON.parse(stdout) as { readonly name: string; readonly file: string }[];
    for (const { file, pattern } of drills) {
      const found = tests.filter(
        (each) => each.file.endsWith(file) && each.name.replaceAll(' > ', ' ').includes(pattern),
      );
      expect(found, `${file} ${pattern}`).not.toEqual([]);
    }
  });

  test('names only alerts that exist', async () => {
    const rules = await readFile('src/deploy/prometheus-rules.yaml', 'utf8');
    for (const [name] of page.text.matchAll(/ScriptStateBff\w+/g)) expect(rules).toContain(`- alert: ${name}\n`);
  });

  test('creates a secret with every key that the pods need', async () => {
    const [line] = /^kubectl create secret generic .*$/m.exec(page.text) ?? [];
    expect(line).toBe('kubectl create secret generic script-state-bff --from-env-file=secrets.env');
    const [file = ''] = blocksOf(page, 'env').filter((block) => block.startsWith('SESSION_SECRET='));
    expect(Object.keys(parseEnv(file)).toSorted()).toEqual(Object.keys(secrets).toSorted());
    const [command = ''] = /^node -p .*randomBytes.*$/m.exec(page.text) ?? [];
    const { stdout } = await promisify(execFile)('bash', ['-c', command]);
    expect(() => loadConfig({ ...image, ...settings, ...secrets, SESSION_SECRET: stdout.trim() })).not.toThrow();
    expect(stdout).not.toContain(',');
  });
});

interface NetworkPolicy {
  readonly spec: {
    readonly policyTypes: readonly string[];
    readonly ingress: readonly { readonly ports: readonly unknown[] }[];
    readonly egress: readonly { readonly to?: unknown; readonly ports: readonly { readonly port: number }[] }[];
  };
}

interface Overlay {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string }[];
  readonly configMapGenerator: readonly [{ readonly literals: readonly string[] }];
  readonly patches: readonly { readonly target: { readonly kind: string }; readonly patch: string }[];
}

/** The value at a JSON pointer (RFC 6901). */
const at = (object: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
