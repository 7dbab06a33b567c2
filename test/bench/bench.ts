import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureBulk } from './bulk.js';
import { compileContestants } from './contestants.js';
import { imageNodeVersion, restartOnNode } from './image-node.js';
import { measureInteractive } from './interactive.js';
import { measureJobs } from './jobs.js';
import { describeMachine, describePackages, measureMachineUsage } from './machine.js';
import { measureMemory } from './memory.js';
import { fullPlan, quickPlan } from './plan.js';
import { progress } from './progress.js';
import { measureQuota } from './quota.js';
import { reportBulk, reportMemory, reportQuota } from './report-bulk.js';
import { reportInteractive } from './report-interactive.js';
import { reportJobs } from './report-jobs.js';

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  if (process.platform !== 'linux') fail('The benchmark reads /proc, which only Linux has.');
  const nodeVersion = imageNodeVersion();
  if (process.versions.node !== nodeVersion) {
    restartOnNode(nodeVersion);
    return;
  }
  const isQuick = process.argv.includes('--quick');
  const plan = isQuick ? quickPlan : fullPlan;
  const folder = mkdtempSync(join(tmpdir(), 'script-state-bff-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  setTimeout(() => fail(`not finished after ${plan.timeoutSeconds} s`), plan.timeoutSeconds * 1000);

  progress(`running on Node ${nodeVersion}, as the image does`);
  const describeUsage = measureMachineUsage();
  await compileContestants(folder);
  progress('compiled the contestants');
  const interactive = await measureInteractive(plan.interactive, folder);
  const bulk = await measureBulk(plan.bulk, folder);
  const jobs = await measureJobs(plan.jobs, folder);
  const quota = await measureQuota(plan.quota, folder);
  const memory = await measureMemory(plan.memory, folder);
  const minutes = (performance.now() / 60_000).toFixed(1);

  const parts = [
    '## Benchmark',
    [
      ...describeMachine(),
      describePackages(),
      `${isQuick ? 'a quick run, too short for meaningful numbers' : 'a full run'}: ${minutes} minutes, everything on the loopback address`,
      describeUsage(),
    ]
      .map((line) => `- ${line}`)
      .join('\n'),
    reportInteractive(plan.interactive, interactive),
    reportBulk(plan.bulk, bulk),
    reportJobs(plan.jobs, jobs),
    reportQuota(plan.quota, quota),
    reportMemory(memory),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`, () => process.exit());
}

main().catch(fail);
