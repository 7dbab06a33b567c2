import type { BulkPlan } from './bulk.js';
import type { MemoryPlan } from './bulk-memory.js';
import type { QuotaPlan } from './bulk-quota.js';
import type { InteractivePlan } from './interactive.js';

/** How much of everything to do. */
export interface Plan {
  readonly interactive: InteractivePlan;
  readonly bulk: BulkPlan;
  readonly quota: QuotaPlan;
  readonly memory: MemoryPlan;
  /** After so many seconds it is given up. */
  readonly limitSeconds: number;
}

const latencyMs = 50;

/** For numbers to be relied on; it takes some ten minutes. */
export const fullPlan: Plan = {
  interactive: {
    rounds: 9,
    states: 320,
    connections: 32,
    warmUpCalls: 3_000,
    processorSeconds: 2,
    perSecond: 200,
    pacedCalls: 500,
  },
  bulk: { rounds: 3, updates: 1_000, warmUps: 3, latencyMs, oneByOne: true },
  quota: { updates: 1_000, latencyMs },
  memory: { rows: 100_000, rowsPerCall: 4_000, rowsPerLook: 20_000 },
  limitSeconds: 1_200,
};

/** Only to prove that all of it runs. */
export const quickPlan: Plan = {
  interactive: {
    rounds: 2,
    states: 64,
    connections: 32,
    warmUpCalls: 400,
    processorSeconds: 0.5,
    perSecond: 200,
    pacedCalls: 100,
  },
  bulk: { rounds: 1, updates: 400, warmUps: 1, latencyMs, oneByOne: false },
  quota: { updates: 250, latencyMs },
  memory: { rows: 5_000, rowsPerCall: 1_000, rowsPerLook: 1_000 },
  limitSeconds: 240,
};
