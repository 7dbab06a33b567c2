import { z } from 'zod';

/** What the simulator does while nothing is asked of it; its control endpoint changes it at run time. */
export interface Settings {
  /** Multi admin approval is on for writes. */
  approval: boolean;
  /** Milliseconds added to every Graph answer. */
  latencyMs: number;
  /** Writes in 20 s before Graph throttles. */
  writesPer20s: number;
  /** Requests of any kind in 20 s before Graph throttles. */
  requestsPer20s: number;
}

/** Graph's documented limits, no latency, no approval. */
export const defaultSettings = {
  approval: false,
  latencyMs: 0,
  writesPer20s: 200,
  requestsPer20s: 2000,
} as const satisfies Settings;

/** A change of some of the settings. */
export const settingsPatch = z.strictObject({
  approval: z.boolean().exactOptional(),
  latencyMs: z.int().min(0).max(600_000).exactOptional(),
  writesPer20s: z.int().min(1).exactOptional(),
  requestsPer20s: z.int().min(1).exactOptional(),
});
