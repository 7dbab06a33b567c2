import type { Fault } from './faults/fault.js';
import type { FaultRules } from './faults/fault-rules.js';
import { faults } from './faults/faults.js';
import { withResponseOptions } from './faults/response-options.js';
import type { Approvals } from './graph/approvals.js';
import { parseBatch, runBatch } from './graph/batch.js';
import { graphError } from './graph/error-envelope.js';
import type { PreparedWrite, RouteResult } from './graph/prepared-write.js';
import { isBatch, type SimulatedRequest } from './graph/request.js';
import type { SimulatedResponse } from './graph/response.js';
import type { GraphRoutes } from './graph/routes.js';
import type { Throttle } from './graph/throttle.js';
import type { TokenRegistry } from './graph/token-registry.js';
import type { Journal, JournalEntry } from './journal.js';
import type { Random } from './random.js';
import type { SimulatorSettings } from './settings.js';

/** The parts that handle a Graph request. */
export interface RequestHandlerParts {
  readonly settings: SimulatorSettings;
  readonly tokens: TokenRegistry;
  readonly throttle: Throttle;
  readonly approvals: Approvals;
  readonly routes: GraphRoutes;
  readonly rules: FaultRules;
  readonly journal: Journal;
  /** Shuffles the responses of batches. */
  readonly random: Random;
  /** Rejects when the simulator closes. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Handles one Graph request: journal, fault, token, throttling, route, approval, response. */
export type HandleRequest = (request: SimulatedRequest) => Promise<SimulatedResponse>;

/** Creates the handler of all Graph requests. */
export function createRequestHandler(parts: RequestHandlerParts): HandleRequest {
  const { approvals, journal, random, routes, rules, settings, throttle, tokens, wait } = parts;

  async function handle(
    request: SimulatedRequest,
    batch: number | null,
    dependencyFailure?: Promise<SimulatedResponse | undefined>,
  ): Promise<SimulatedResponse> {
    const entry = journal.record(request, batch);
    const response = (await dependencyFailure) ?? (await respond(request, entry));
    journal.complete(entry, response);
    return response;
  }

  async function respond(request: SimulatedRequest, entry: JournalEntry): Promise<SimulatedResponse> {
    const injected = rules.select(request);
    if (injected === 'invalid-header') {
      return graphError(request, 400, 'SimulatorFault', 'The header x-simulator-fault is not valid.');
    }
    const fault: Fault | undefined = injected && faults[injected.fault];
    entry.fault = injected?.fault ?? null;
    if (injected?.fault === 'latency') await wait(injected.delayMs ?? 1000);

    const result = route(fault?.rewrite?.(request) ?? request, entry.n);
    let response: SimulatedResponse;
    if ('apply' in result) {
      const applied = injected?.applied ?? ((fault?.applies(request) ?? true) ? 'yes' : 'no');
      response = applied === 'yes' ? await applyWrite(request, result, entry) : result.unapplied;
      // Rejects if the simulator closes before.
      const applyLater = () => wait(injected?.delayMs ?? 1000).then(() => applyWrite(request, result, entry));
      if (applied === 'later') applyLater().catch(() => undefined);
    } else {
      response = result;
    }
    if (injected && fault) {
      response = withResponseOptions(fault.respond(response, { request, injected, tokens, approvals }), injected);
    }

    // A batch is one HTTP request: the latency applies to it, not to its items.
    if (request.batchItem === null && settings.latencyMs > 0) await wait(settings.latencyMs);
    return response;
  }

  /** `n` is the number of the request's journal entry. */
  function route(request: SimulatedRequest, n: number): RouteResult {
    const unauthorized = tokens.authorize(request);
    if (unauthorized !== undefined) return unauthorized;
    // Graph counts the items of a batch against its limits, but not the batch.
    if (isBatch(request)) return routeBatch(request, n);
    const throttled = throttle.check(request);
    if (throttled !== undefined) return throttled;
    const result = routes.route(request);
    return 'apply' in result ? approvals.requireApproval(request, result) : result;
  }

  function routeBatch(request: SimulatedRequest, n: number): RouteResult {
    const items = parseBatch(request);
    if ('status' in items) return items;
    return {
      unapplied: { status: 200, headers: {}, body: { responses: [] } },
      apply: () => runBatch(request, items, (item, dependencyFailure) => handle(item, n, dependencyFailure), random),
    };
  }

  return (request) => handle(request, null);
}

async function applyWrite(
  request: SimulatedRequest,
  write: PreparedWrite,
  entry: JournalEntry,
): Promise<SimulatedResponse> {
  const response = await write.apply();
  entry.applied = response.status < 300 && !isBatch(request);
  return response;
}
