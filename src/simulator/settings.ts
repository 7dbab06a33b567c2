import { z } from 'zod';
import type { ThrottlingLimits } from './graph/throttle.js';

/** The settings that `PATCH /simulator/settings` changes at run time. */
export interface SimulatorSettings extends ThrottlingLimits {
  /** Whether writes need multi admin approval. */
  readonly approval: boolean;
  /** Milliseconds added to every Graph response. */
  readonly latencyMs: number;
  /** Whether lists accept `$top`; some tenants reject it. */
  readonly acceptTop: boolean;
  /** Whether device states accept `$expand`; some tenants reject it. */
  readonly acceptExpand: boolean;
  /** How many of the last entities of a page the next page repeats. */
  readonly repeatedEntities: number;
}

/** Graph's documented limits, no latency, no approval, every query option. */
export const defaultSettings = {
  approval: false,
  latencyMs: 0,
  acceptTop: true,
  acceptExpand: true,
  repeatedEntities: 0,
  writesPer20s: 200,
  requestsPer20s: 2000,
} as const satisfies SimulatorSettings;

/** Some of the settings, with their new values. */
export const settingsPatch = z.strictObject({
  approval: z.boolean().exactOptional(),
  latencyMs: z.int().min(0).max(600_000).exactOptional(),
  acceptTop: z.boolean().exactOptional(),
  acceptExpand: z.boolean().exactOptional(),
  repeatedEntities: z.int().min(0).max(1000).exactOptional(),
  writesPer20s: z.int().min(1).exactOptional(),
  requestsPer20s: z.int().min(1).exactOptional(),
});
