import type { CallOptions, Graph } from '../graph/graph.js';
import type { StateRef } from '../graph/ids.js';
import { Diagnosis } from './diagnosis.js';
import type { ResponseLog } from './response-log.js';
import type { StepResult } from './steps.js';

/**
 * Writes the values of a user state back unchanged. A read shows these values whether or not the write succeeded, so
 * only Graph's response to the write confirms it.
 *
 * @throws {CallError}
 * @throws {Diagnosis} if Graph did not confirm the write
 */
export async function writeBack(
  graph: Graph,
  target: StateRef | undefined,
  responses: ResponseLog,
  options: CallOptions,
): Promise<StepResult<undefined>> {
  if (target === undefined) throw new Diagnosis('no user state to write back');
  const { id, userPrincipalName, ...counts } = await graph.userStates.get(target, options);
  const patch = { ...counts, ...(userPrincipalName !== null && { userPrincipalName }) };
  responses.take();
  const { graph: ids } = await graph.userStates.update(target, patch, options);
  const log = responses.take();
  const statuses = log.flatMap(({ method, status }) => (method === 'PATCH' ? [status] : []));
  const wasRead = log.at(-1)?.method === 'GET';
  if (!statuses.some((status) => status.startsWith('2')) || (wasRead && ids.requestId === undefined)) {
    throw new Diagnosis(
      `Graph did not confirm the write: HTTP ${statuses.join(', ')}; client request ${ids.clientRequestId}`,
      'Graph failed, or a proxy or captive portal responded instead: check that this machine can send PATCH requests to Graph, and try again',
    );
  }
  const summary = `wrote ${Object.keys(patch).join(', ')} of ${id} back unchanged (request ${ids.requestId ?? ids.clientRequestId})`;
  return { summary, value: undefined };
}
