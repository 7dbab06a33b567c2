import { startContestant, thisService } from './contestants.js';
import { memoryBytes } from './process-account.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { startBenchSimulator } from './simulator.js';
import { updatesOf } from './update.js';

/** How much of it to do. */
export interface MemoryPlan {
  readonly rows: number;
  readonly rowsPerCall: number;
  /** After how many rows the memory is looked at, again and again. */
  readonly rowsPerLook: number;
}

/** What it took. */
export interface MemoryResult {
  readonly rows: number;
  readonly rowsPerCall: number;
  readonly rowsPerSecond: number;
  /** Resident memory after so many rows, in bytes. */
  readonly looks: readonly { readonly rows: number; readonly bytes: number }[];
  readonly peakBytes: number;
}

/** Very many updates, call after call, without latency or quota: what memory they take. */
export async function measureMemory(plan: MemoryPlan, folder: string): Promise<MemoryResult> {
  const simulator = await startBenchSimulator(folder);
  const service = await startContestant(thisService, simulator, folder);
  const client = createServiceClient(service.url);
  const states = await simulator.someStates(plan.rowsPerCall);
  // There may be fewer states than rows in a call: then some are updated twice in it, in their order.
  const targets = [...states, ...states].slice(0, plan.rowsPerCall);
  const looks = [{ rows: 0, bytes: memoryBytes(service.pid, 'VmRSS') }];
  let ms = 0;
  for (let rows = plan.rowsPerCall; rows <= plan.rows; rows += plan.rowsPerCall) {
    const updates = updatesOf(targets, rows / plan.rowsPerCall);
    const startedAt = performance.now();
    await updateMany(client, updates);
    ms += performance.now() - startedAt;
    if (rows % plan.rowsPerLook !== 0) continue;
    looks.push({ rows, bytes: memoryBytes(service.pid, 'VmRSS') });
    progress(`bulk: ${rows} rows`);
  }
  const peakBytes = memoryBytes(service.pid, 'VmHWM');
  await Promise.all([service.stop(), simulator.stop()]);
  return { rows: plan.rows, rowsPerCall: plan.rowsPerCall, rowsPerSecond: (plan.rows * 1000) / ms, looks, peakBytes };
}
