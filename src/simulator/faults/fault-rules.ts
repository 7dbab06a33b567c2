import { z } from 'zod';
import { pathSegments, type SimulatedRequest } from '../graph/request.js';
import type { Random } from '../random.js';
import { type SimulatorFault, simulatorFaults } from './fault-names.js';

const injectedFaultSchema = z.strictObject({
  fault: z.enum(simulatorFaults),
  /** How an error sends the delay; `nested…` sends it only within Intune's JSON. */
  retryAfter: z
    .enum(['seconds', 'fractional', 'date', 'nested', 'nested-time-span', 'nested-date', 'none'])
    .exactOptional(),
  /** The delay of `latency`, of `Retry-After`, or of a write that is applied later. */
  delayMs: z.int().min(0).max(600_000).exactOptional(),
  /** Whether the write is applied, before the response or `delayMs` after it; as the fault says by default. */
  applied: z.enum(['no', 'yes', 'later']).exactOptional(),
  /** The status of the response; the fault's own by default. */
  status: z.int().min(200).max(599).exactOptional(),
  /** Where an error response has its text. */
  errorForm: z.enum(['message', 'inner-error', 'message-value']).default('message'),
});

const customResponse = z.strictObject({
  headers: z.record(z.string(), z.string()).default({}),
  /** A string is sent verbatim, any other value as JSON. */
  body: z.unknown().optional(),
  /** Whether the response has the headers that Graph adds. */
  isForeign: z.boolean().default(false),
});

/** A fault to inject into one request. */
export type InjectedFault = z.output<typeof injectedFaultSchema> & {
  /** The response of `custom`; an empty one by default. */
  readonly response?: z.output<typeof customResponse>;
};

/** A rule: the fault, the requests that it applies to, and how many of them. */
export const faultRule = injectedFaultSchema.extend({
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
  method: z.string().exactOptional(),
  /** A substring of the decoded path, or of the path and query as received. */
  path: z.string().exactOptional(),
  response: customResponse.exactOptional(),
});

type ActiveRule = z.output<typeof faultRule> & { remaining: number };

/** Decides which requests get a fault. */
export interface FaultRules {
  add(rules: readonly z.output<typeof faultRule>[]): void;
  clear(): void;
  /**
   * Selects the fault for a request: from its header, else from the first matching rule, else at random. Returns
   * `invalid-header` if the header is not valid.
   */
  select(request: SimulatedRequest): InjectedFault | 'invalid-header' | undefined;
}

/** Creates an empty list of rules. `probabilities` are per request, from 0 to 1. */
export function createFaultRules(probabilities: ReadonlyMap<SimulatorFault, number>, random: Random): FaultRules {
  let rules: ActiveRule[] = [];

  function draw(): InjectedFault | undefined {
    let rest = random.next();
    for (const [fault, probability] of probabilities) {
      rest -= probability;
      if (rest < 0) return injectedFaultSchema.parse({ fault });
    }
    return undefined;
  }

  return {
    add(added) {
      for (const rule of added) {
        rules.push({ ...rule, remaining: rule.times === 'always' ? Number.POSITIVE_INFINITY : rule.times });
      }
    },
    clear() {
      rules = [];
    },
    select(request) {
      // Draw for every request, so that headers and rules don't change the random faults of other requests.
      const drawn = draw();
      const header = request.headers['x-simulator-fault'];
      if (header !== undefined) return parseFaultHeader(header) ?? 'invalid-header';
      const rule = rules.find((each) => matches(each, request));
      if (rule === undefined) return drawn;
      rule.remaining -= 1;
      if (rule.remaining === 0) rules = rules.filter((each) => each !== rule);
      return rule;
    },
  };
}

function matches({ method, path }: ActiveRule, request: SimulatedRequest): boolean {
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  const decoded = `/${pathSegments(request)?.join('/') ?? ''}`;
  return path === undefined || decoded.includes(path) || request.path.includes(path);
}

/** Parses `NAME;retryAfter=fractional;delayMs=2000`. */
function parseFaultHeader(header: string): InjectedFault | undefined {
  const [fault, ...options] = header.split(';').map((part) => part.trim());
  const properties = new Map<string, unknown>([['fault', fault]]);
  for (const option of options) {
    const [name = '', value] = option.split('=', 2);
    properties.set(name, name === 'delayMs' || name === 'status' ? Number(value) : value);
  }
  return injectedFaultSchema.safeParse(Object.fromEntries(properties)).data;
}
