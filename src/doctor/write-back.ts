import type { CallOptions, Graph } from '../graph/graph.js';
import type { StateRef } from '../graph/ids.js';
import type { StepResult } from './steps.js';

/** Writes the values of a user state back unchanged. @throws {CallError} */
export async function writeBack(
  graph: Graph,
  target: StateRef | undefined,
  options: CallOptions,
): Promise<StepResult<undefined>> {
  if (target === undefined) throw new Error('no user state to write back');
  const { id, userPrincipalName, ...counts } = await graph.userStates.get(target, options);
  const patch = { ...counts, ...(userPrincipalName !== null && { userPrincipalName }) };
  const { graph: ids } = await graph.userStates.update(target, patch, options);
  const summary = `wrote ${Object.keys(patch).join(', ')} of ${id} back unchanged (request ${ids.requestId})`;
  return { summary, value: undefined };
}
