import { CallError } from '../errors.js';
import type { CallOptions, Graph } from '../graph/graph.js';
import { type ScriptKind, type StateRef, scriptKinds } from '../graph/ids.js';
import { Diagnosis, diagnose } from './diagnosis.js';
import { createReads, type Read } from './read-procedures.js';
import type { ResponseLog } from './response-log.js';
import { report, reportDiagnosis, StepFailed } from './steps.js';

/**
 * Tries each read that front ends use, for each kind of script, and reports which of them the tenant offers.
 *
 * @returns a user state, if there is one in the first scripts
 * @throws {StepFailed} if a read fails, or if the tenant does not offer a required one for any kind
 */
export async function checkReads(
  graph: Graph,
  responses: ResponseLog,
  options: CallOptions,
): Promise<StateRef | undefined> {
  const { reads, states } = createReads(graph, responses, options);
  for (const read of reads) await check(read);
  return states.values().next().value;
}

async function check({ procedure, isRequired, run }: Read): Promise<void> {
  const offered: string[] = [];
  const advice = new Set<string>();
  const rejections: Rejections = new Map();
  for (const kind of scriptKinds) {
    try {
      const found = await run(kind);
      if (found === undefined) continue;
      offered.push(`${kind} (${found.text})`);
      if (found.advice !== undefined) advice.add(found.advice);
    } catch (error) {
      const diagnosis = diagnose(error);
      if (!isRejection(error)) fail(procedure, [kind], diagnosis);
      addRejection(rejections, kind, diagnosis);
    }
  }
  if (offered.length > 0) {
    report('ok', 'read', `${procedure}: ${offered.join(', ')}`, [...advice].join('\n') || undefined);
  } else if (rejections.size === 0) {
    report('skip', 'read', `${procedure}: no script or user state to try it with`);
  }
  for (const { kinds, diagnosis } of rejections.values()) {
    if (isRequired && offered.length === 0) fail(procedure, kinds, diagnosis);
    reportDiagnosis('no', 'read', describe(procedure, kinds, diagnosis));
  }
}

/** The kinds for which Graph rejected a read, by the advice. Those with the same advice are reported together. */
type Rejections = Map<string, { readonly kinds: ScriptKind[]; readonly diagnosis: Diagnosis }>;

function addRejection(rejections: Rejections, kind: ScriptKind, diagnosis: Diagnosis): void {
  const key = diagnosis.advice ?? diagnosis.message;
  const known = rejections.get(key) ?? { kinds: [], diagnosis };
  known.kinds.push(kind);
  rejections.set(key, known);
}

/** Whether the tenant does not offer the read: other reads may succeed. */
function isRejection(error: unknown): boolean {
  if (error instanceof Diagnosis) return true;
  return (
    error instanceof CallError &&
    (error.reason === 'GRAPH_ROUTE_NOT_IMPLEMENTED' ||
      error.reason === 'GRAPH_REJECTED' ||
      error.reason === 'GRAPH_NOT_FOUND' ||
      error.reason === 'GRAPH_PERMISSION_MISSING')
  );
}

function describe(procedure: string, kinds: readonly ScriptKind[], { message, advice }: Diagnosis): Diagnosis {
  return new Diagnosis(`${procedure}: ${kinds.join(', ')}: ${message}`, advice);
}

function fail(procedure: string, kinds: readonly ScriptKind[], diagnosis: Diagnosis): never {
  reportDiagnosis('FAIL', 'read', describe(procedure, kinds, diagnosis));
  throw new StepFailed('read');
}
