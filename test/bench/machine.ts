import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { machineTicks } from './process-account.js';

/** What the numbers depend on beside the code, in one line each. */
export function describeMachine(): readonly string[] {
  const [first] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`;
  return [
    `${first?.model.trim()}, ${cpus().length} cores, ${memory}`,
    `Linux ${release()}, Node ${process.versions.node}`,
  ];
}

/** Begins to watch the machine. @returns says who has used its processors since; children count when they have ended */
export function watchMachine(): () => string {
  const before = machineTicks();
  return () => {
    const now = machineTicks();
    const share = (what: 'own' | 'others' | 'stolen') =>
      (((now[what] - before[what]) / (now.all - before.all)) * 100).toFixed(1);
    return [
      `of the processors' time meanwhile, ${share('own')} % went to the benchmark`,
      `${share('others')} % to other processes`,
      `${share('stolen')} % to other virtual machines`,
    ].join(', ');
  };
}

/** The versions of the packages that take part. */
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
