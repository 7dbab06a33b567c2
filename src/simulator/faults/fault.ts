import type { Approvals } from '../graph/approvals.js';
import { replaceFirstItem } from '../graph/batch.js';
import type { SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';
import type { TokenRegistry } from '../graph/token-registry.js';
import type { InjectedFault } from './fault-rules.js';

/** The request that gets a fault, and the parts of the simulator that faults act on. */
export interface FaultContext {
  readonly request: SimulatedRequest;
  readonly injected: InjectedFault;
  readonly tokens: TokenRegistry;
  readonly approvals: Approvals;
}

/** The implementation of one fault. */
export interface Fault {
  /** Whether the write is applied, or the items of the batch are executed. */
  applies(request: SimulatedRequest): boolean;
  /** Returns the write that is applied in place of the request. */
  rewrite?(request: SimulatedRequest): SimulatedRequest;
  /** Returns the response to send. `original` is the response without the fault. */
  respond(original: SimulatedResponse, context: FaultContext): SimulatedResponse;
}

/** Does not apply the write, and sends this response. */
export function withoutApplying(respond: (context: FaultContext) => SimulatedResponse): Fault {
  return { applies: () => false, respond: (_, context) => respond(context) };
}

/** Does not apply the write, and sends this error, which depends only on the request. */
export function failing(respond: (request: SimulatedRequest) => SimulatedResponse): Fault {
  return withoutApplying(({ request }) => respond(request));
}

/** Applies the write, and sends this response. */
export function afterApplying(respond: (context: FaultContext) => SimulatedResponse): Fault {
  return { applies: () => true, respond: (_, context) => respond(context) };
}

/** Replaces only successful responses: Graph's errors remain unchanged. */
export function onSuccess(respond: Fault['respond']): Fault {
  return {
    applies: () => true,
    respond: (original, context) => (original.status < 300 ? respond(original, context) : original),
  };
}

/** Replaces the response to the first item of a batch; has no effect on other requests. */
export function onFirstItem(replace: Parameters<typeof replaceFirstItem>[2]): Fault {
  return onSuccess((original, { request }) => replaceFirstItem(request, original, replace));
}
