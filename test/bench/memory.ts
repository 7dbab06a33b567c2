import { startContestant, thisService } from './contestants.js';
import { memoryBytes } from './process-usage.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { startBenchSimulator } from './simulator.js';
import { createUpdates } from './update.js';

/** The size of the memory measurement. */
export interface MemoryPlan {
  readonly rows: number;
  readonly rowsPerCall: number;
  /** Memory is sampled every time that so many rows are done. */
  readonly rowsPerSample: number;
}

/** The result of the memory measurement. */
export interface MemoryResult {
  readonly rows: number;
  readonly rowsPerCall: number;
  readonly rowsPerSecond: number;
  /** Resident memory after so many rows. */
  readonly samples: readonly { readonly rows: number; readonly bytes: number }[];
  readonly peakBytes: number;
}

/** Measures the memory that many `updateMany` calls in sequence take, without latency or quota. */
export async function measureMemory(plan: MemoryPlan, folder: string): Promise<MemoryResult> {
  const simulator = await startBenchSimulator(folder);
  const service = await startContestant(thisService, simulator, folder);
  const client = createServiceClient(service.url);
  const states = await simulator.someStates(plan.rowsPerCall);
  // If there are fewer states than rows in a call, the call updates some of them twice, in order.
  const targets = [...states, ...states].slice(0, plan.rowsPerCall);
  const samples = [{ rows: 0, bytes: memoryBytes(service.pid, 'VmRSS') }];
  let ms = 0;
  for (let rows = plan.rowsPerCall; rows <= plan.rows; rows += plan.rowsPerCall) {
    const updates = createUpdates(targets, rows / plan.rowsPerCall);
    const startedAt = performance.now();
    await updateMany(client, updates);
    ms += performance.now() - startedAt;
    if (rows % plan.rowsPerSample !== 0) continue;
    samples.push({ rows, bytes: memoryBytes(service.pid, 'VmRSS') });
    progress(`memory: ${rows} rows`);
  }
  const peakBytes = memoryBytes(service.pid, 'VmHWM');
  await Promise.all([service.stop(), simulator.stop()]);
  const { rows, rowsPerCall } = plan;
  return { rows, rowsPerCall, rowsPerSecond: (rows * 1000) / ms, samples, peakBytes };
}
