import type { BulkPlan } from './bulk.js';
import type { InteractivePlan } from './interactive.js';
import type { JobsPlan } from './jobs.js';
import type { MemoryPlan } from './memory.js';
import type { QuotaPlan } from './quota.js';

/** The size of all measurements. */
export interface Plan {
  readonly interactive: InteractivePlan;
  readonly bulk: BulkPlan;
  readonly jobs: JobsPlan;
  readonly quota: QuotaPlan;
  readonly memory: MemoryPlan;
  /** The benchmark fails after this time. */
  readonly timeoutSeconds: number;
}

const latencyMs = 50;

/** For reliable results. It takes about nine minutes. */
export const fullPlan: Plan = {
  interactive: {
    rounds: 9,
    states: 320,
    connections: 32,
    warmUpCalls: 3_000,
    cpuSeconds: 2,
    perSecond: 200,
    pacedCalls: 500,
  },
  bulk: { rounds: 3, updates: 1_000, warmUps: 3, latencyMs, oneByOne: true },
  jobs: { rounds: 5, updates: 1_000, warmUps: 3, updatesUnderQuota: 1_000, latencyMs },
  quota: { updates: 1_000, shortUpdates: 100, latencyMs },
  memory: { rows: 100_000, rowsPerCall: 4_000, rowsPerSample: 20_000 },
  timeoutSeconds: 1_500,
};

/** Only to test the benchmark itself. */
export const quickPlan: Plan = {
  interactive: {
    rounds: 2,
    states: 64,
    connections: 32,
    warmUpCalls: 400,
    cpuSeconds: 0.5,
    perSecond: 200,
    pacedCalls: 100,
  },
  bulk: { rounds: 1, updates: 400, warmUps: 1, latencyMs, oneByOne: false },
  jobs: { rounds: 1, updates: 400, warmUps: 1, updatesUnderQuota: 250, latencyMs },
  quota: { updates: 250, shortUpdates: 100, latencyMs },
  memory: { rows: 5_000, rowsPerCall: 1_000, rowsPerSample: 1_000 },
  timeoutSeconds: 420,
};
