import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { machineTicks } from './process-usage.js';

/** The machine and the versions that the results depend on, in one line each. */
export function describeMachine(): readonly string[] {
  const [first] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`;
  return [
    `${first?.model.trim()}, ${cpus().length} cores, ${memory}`,
    `Linux ${release()}, Node ${process.versions.node}, as in the image`,
  ];
}

/** Starts to measure the use of the processors. @returns a function that describes it; exited child processes count */
export function measureMachineUsage(): () => string {
  const before = machineTicks();
  return () => {
    const now = machineTicks();
    const percentage = (user: 'own' | 'others' | 'stolen') =>
      (((now[user] - before[user]) / (now.all - before.all)) * 100).toFixed(1);
    return [
      `processor time: ${percentage('own')} % used by the benchmark`,
      `${percentage('others')} % by other processes`,
      `${percentage('stolen')} % by other virtual machines`,
    ].join(', ');
  };
}

/** The versions of the packages that are measured. */
export function describePackages(): string {
  return [
    'undici',
    'express',
    'http-proxy-middleware',
    '@trpc/server',
    '@trpc/client',
    'zod',
    'pino',
    'pino-http',
    '@microsoft/microsoft-graph-client',
    'autocannon',
  ]
    .map((name) => `${name} ${versionOf(name)}`)
    .join(', ');
}

function versionOf(name: string): string {
  const text = readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
