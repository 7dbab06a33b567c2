import type { FaultRules } from './faults/fault-rules.js';
import { type Fault, faults } from './faults/faults.js';
import { type Answer, errorAnswer } from './graph/answers.js';
import type { Approvals } from './graph/approvals.js';
import { readBatch, runBatch } from './graph/batch.js';
import type { Quota } from './graph/quota.js';
import { type GraphRequest, isBatch } from './graph/request.js';
import type { Graph, Outcome } from './graph/routes.js';
import type { Tokens } from './graph/tokens.js';
import type { Journal } from './journal.js';
import type { Random } from './random.js';
import type { Settings } from './settings.js';

/** What an exchange needs. */
export interface ExchangeParts {
  readonly origin: string;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly quota: Quota;
  readonly approvals: Approvals;
  readonly graph: Graph;
  readonly rules: FaultRules;
  readonly journal: Journal;
  /** Shuffles the answers of batches. */
  readonly random: Random;
  /** Rejects when the simulator closes. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Serves one Graph request: journal, fault, token, quota, route, approval, answer. */
export type Exchange = (request: GraphRequest) => Promise<Answer>;

/** Joins the parts to the whole way of a Graph request. */
export function createExchange(parts: ExchangeParts): Exchange {
  const { approvals, graph, journal, origin, quota, random, rules, settings, tokens, wait } = parts;

  /** `n` is the request's in the journal. */
  function plan(request: GraphRequest, n: number): Outcome {
    const unauthorized = tokens.refusal(request);
    if (unauthorized !== undefined) return unauthorized;
    if (isBatch(request)) return planBatch(request, n);
    const throttled = quota.refusal(request);
    if (throttled !== undefined) return throttled;
    const outcome = graph.plan(request);
    return 'apply' in outcome ? approvals.gate(request, outcome) : outcome;
  }

  function planBatch(request: GraphRequest, n: number): Outcome {
    const items = readBatch(request);
    if ('status' in items) return items;
    return {
      unapplied: { status: 200, headers: {}, body: { responses: [] } },
      apply: () => runBatch(request, items, (item, hindrance) => serve(item, n, hindrance), random),
    };
  }

  /** `batch` is the `n` of an item's batch. `hindrance` is waited for first; the answer that it gives is the request's. */
  async function serve(
    request: GraphRequest,
    batch: number | null,
    hindrance?: Promise<Answer | undefined>,
  ): Promise<Answer> {
    const entry = journal.note(request, batch);
    const hindered = await hindrance;
    if (hindered !== undefined) {
      journal.answered(entry, hindered);
      return hindered;
    }

    const effect = rules.choose(request);
    if (effect === 'unreadable') {
      const answer = errorAnswer(request, 400, 'SimulatorFault', 'The header x-simulator-fault names no fault.');
      journal.answered(entry, answer);
      return answer;
    }
    const fault: Fault | undefined = effect && faults[effect.fault];
    const applies = fault?.applies(request) ?? true;
    entry.fault = effect?.fault ?? null;
    if (effect?.fault === 'latency') await wait(effect.delayMs ?? 1000);

    const outcome = plan(request, entry.n);
    let answer: Answer;
    if ('apply' in outcome) {
      answer = applies ? await outcome.apply() : outcome.unapplied;
      entry.applied = applies && answer.status < 300 && !isBatch(request);
    } else {
      answer = outcome;
    }
    if (effect && fault) answer = fault.answer(answer, { request, effect, tokens, approvals, origin });

    if (request.batchItem === null && settings.latencyMs > 0) await wait(settings.latencyMs);
    journal.answered(entry, answer);
    return answer;
  }

  return (request) => serve(request, null);
}
