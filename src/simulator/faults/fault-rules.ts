import { z } from 'zod';
import { type GraphRequest, pathSegments } from '../graph/request.js';
import type { Random } from '../random.js';
import { type SimulatorFault, simulatorFaults } from './fault-names.js';

const faultEffect = z.strictObject({
  fault: z.enum(simulatorFaults),
  /** How `throttled` and `unavailable` say when to come back; `nested`: only within Intune's nested message. */
  retryAfter: z.enum(['seconds', 'fractional', 'date', 'nested', 'none']).default('seconds'),
  /** How long `latency` waits, and what `Retry-After` says. */
  delayMs: z.int().min(0).max(600_000).exactOptional(),
});

/** A rule for faults: what goes wrong, for which requests, how many times. */
export const faultRule = faultEffect.extend({
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
  method: z.string().exactOptional(),
  /** A part of the decoded path. */
  path: z.string().exactOptional(),
});

type Rule = z.output<typeof faultRule> & { left: number };

/** A fault to do to one request. */
export type FaultEffect = z.output<typeof faultEffect>;

/** Decides which requests go wrong, and how. */
export interface FaultRules {
  add(rules: readonly z.output<typeof faultRule>[]): void;
  clear(): void;
  /**
   * The fault for a request: its header's, else the first rule's that matches, else one drawn by chance.
   * `unreadable` when the header names no fault.
   */
  choose(request: GraphRequest): FaultEffect | 'unreadable' | undefined;
}

/** Starts without rules; `chances` gives faults their probability per request. */
export function createFaultRules(chances: ReadonlyMap<SimulatorFault, number>, random: Random): FaultRules {
  let rules: Rule[] = [];

  function draw(): FaultEffect | undefined {
    let rest = random.next();
    for (const [fault, chance] of chances) {
      rest -= chance;
      if (rest < 0) return { fault, retryAfter: 'seconds' };
    }
    return undefined;
  }

  return {
    add(more) {
      for (const rule of more) {
        rules.push({ ...rule, left: rule.times === 'always' ? Number.POSITIVE_INFINITY : rule.times });
      }
    },
    clear() {
      rules = [];
    },
    choose(request) {
      // Drawn for every request, so that rules and headers don't shift the chances of the others.
      const drawn = draw();
      const header = request.headers['x-simulator-fault'];
      if (header !== undefined) return readHeader(header) ?? 'unreadable';
      const rule = rules.find((each) => matches(each, request));
      if (rule === undefined) return drawn;
      rule.left -= 1;
      if (rule.left === 0) rules = rules.filter((each) => each !== rule);
      return rule;
    },
  };
}

function matches({ method, path }: Rule, request: GraphRequest): boolean {
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  return path === undefined || `/${pathSegments(request)?.join('/') ?? request.path}`.includes(path);
}

/** Reads `NAME;retryAfter=fractional;delayMs=2000`. */
function readHeader(header: string): FaultEffect | undefined {
  const [fault, ...options] = header.split(';').map((part) => part.trim());
  const effect = new Map<string, unknown>([['fault', fault]]);
  for (const option of options) {
    const [name = '', value] = option.split('=', 2);
    effect.set(name, name === 'delayMs' ? Number(value) : value);
  }
  return faultEffect.safeParse(Object.fromEntries(effect)).data;
}
