import { CallError, requireCallError } from '../../errors.js';
import {
  parseEntity,
  protocolError,
  type RunSummary,
  runSummary,
  type ScriptOverview,
  type ScriptSummary,
} from '../entities.js';
import { idPattern, type ScriptKind } from '../ids.js';
import { runSummaryPath } from '../paths.js';
import type { GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import { awaitAll } from './concurrent-reads.js';
import type { GraphClient } from './graph-client.js';

/** Adds the summaries of their runs to scripts. @throws {CallError} */
export type AddSummaries = (
  kind: ScriptKind,
  scripts: readonly ScriptSummary[],
  context: CallContext,
) => Promise<readonly ScriptOverview[]>;

/**
 * Reads the summary of each script. The requests are sent together, and those of one script don't fail the others.
 *
 * @param basePath of Graph, with the version and a slash at its end
 */
export function createScriptOverview(client: GraphClient, basePath: string): AddSummaries {
  async function read(
    kind: ScriptKind,
    scriptId: string,
    context: CallContext,
  ): Promise<RunSummary | null | CallError> {
    if (!idPattern.test(scriptId)) return null;
    const path = basePath + runSummaryPath({ scriptKind: kind, scriptId });
    try {
      return await client.read(path, parseSummary, context);
    } catch (error) {
      const failure = requireCallError(error);
      if (hasNoSummary(failure)) return null;
      if (isFailingScript(failure)) return failure;
      throw failure;
    }
  }

  return async (kind, scripts, context) => {
    const summaries = await awaitAll(scripts.map(({ id }) => read(kind, id, context)));
    const failures = summaries.filter((summary) => summary instanceof CallError);
    const [failure] = failures;
    // Graph fails for one script now and then. If it fails for all, their summaries are not missing but unknown.
    if (failure !== undefined && failures.length > 1 && failures.length === scripts.length) throw failure;
    return scripts.map((script, index) => {
      const summary = summaries[index] ?? null;
      return { ...script, summary: summary instanceof CallError ? null : summary };
    });
  };
}

/** `null` if Graph sends something else than a summary. */
function parseSummary(response: GraphResponse): RunSummary | null {
  const summary = parseEntity(runSummary, response);
  if (summary === undefined && !response.isFromGraph) throw protocolError(response);
  return summary ?? null;
}

/** Whether Graph refuses the request as such: it has no summary for this script. */
function hasNoSummary({ reason }: CallError): boolean {
  return (
    reason === 'GRAPH_NOT_FOUND' ||
    reason === 'GRAPH_REJECTED' ||
    reason === 'GRAPH_ROUTE_NOT_IMPLEMENTED' ||
    reason === 'GRAPH_PERMISSION_MISSING' ||
    reason === 'CONFLICT'
  );
}

/** Whether Graph responds, and keeps failing. */
function isFailingScript({ reason, details }: CallError): boolean {
  return reason === 'GRAPH_UNAVAILABLE' && details.status !== undefined;
}
