import { z } from 'zod';
import { requirePage } from '../entities.js';
import type { CallContext } from './call-context.js';
import { awaitAll } from './concurrent-reads.js';
import type { GraphClient } from './graph-client.js';

/** The statuses of a change that was filed for approval by a second administrator. */
const approvalStatuses = ['needsApproval', 'approved', 'rejected', 'cancelled', 'completed', 'expired'] as const;

/** One of {@link approvalStatuses}. */
export type ApprovalStatus = (typeof approvalStatuses)[number];

/** Reads the statuses of approval requests by their codes. A code that Graph does not know has none. @throws {CallError} */
export type ReadApprovals = (
  codes: readonly string[],
  context: CallContext,
) => Promise<ReadonlyMap<string, ApprovalStatus>>;

/** `microsoft.graph.operationApprovalRequest`. */
const approvalRequest = z.object({ requestId: z.string().nullish(), status: z.enum(approvalStatuses) });

/** @param basePath of Graph, with the version and a slash at its end */
export function createReadApprovals(client: GraphClient, basePath: string): ReadApprovals {
  async function read(code: string, context: CallContext): Promise<readonly [string, ApprovalStatus] | undefined> {
    const filter = encodeURIComponent(`requestId eq '${code}'`);
    const path = `${basePath}deviceManagement/operationApprovalRequests?$filter=${filter}`;
    const { items } = await client.read(path, (response) => requirePage(approvalRequest, response), context);
    const found = items.find(({ requestId }) => (requestId ?? code).toLowerCase() === code.toLowerCase());
    return found && [code, found.status];
  }

  return async (codes, context) => {
    const found = await awaitAll(codes.map((code) => read(code, context)));
    return new Map(found.filter((entry) => entry !== undefined));
  };
}
