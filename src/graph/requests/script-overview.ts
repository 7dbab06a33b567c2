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
 * Reads the summary of each script. The requests are sent together, and a failure for one script does not affect the
 * others.
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
    // Graph sometimes fails for single scripts. If it fails for all of them, the summaries are unknown, not missing.
    if (failure !== undefined && failures.length > 1 && failures.length === scripts.length) throw failure;
    return scripts.map((script, index) => {
      const summary = summaries[index] ?? null;
      return { ...script, summary: summary instanceof CallError ? null : summary };
    });
  };
}

/** `null` if Graph sends anything other than a summary. */
function parseSummary(response: GraphResponse): RunSummary | null {
  const summary = parseEntity(runSummary, response);
  if (summary === undefined && !response.isFromGraph) throw protocolError(response);
  return summary ?? null;
}

/** Whether Graph rejects the request, which means that it has no summary for this script. */
function hasNoSummary({ reason }: CallError): boolean {
  return (
    reason === 'GRAPH_NOT_FOUND' ||
    reason === 'GRAPH_REJECTED' ||
    reason === 'GRAPH_ROUTE_NOT_IMPLEMENTED' ||
    reason === 'GRAPH_PERMISSION_MISSING' ||
    reason === 'CONFLICT'
  );
}

/** Whether Graph responds but keeps failing. */
function isFailingScript({ reason, details }: CallError): boolean {
  return reason === 'GRAPH_UNAVAILABLE' && details.status !== undefined;
}
