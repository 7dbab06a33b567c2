import { z } from 'zod';
import { requirePage } from '../entities.js';
import type { ApprovalStatus } from '../graph.js';
import { approvalRequestPath } from '../paths.js';
import type { CallContext } from './call-context.js';
import { awaitAll } from './concurrent-reads.js';
import type { GraphClient } from './graph-client.js';

/** Reads the statuses of approval requests by their codes. A code that Graph does not know has none. @throws {CallError} */
export type ReadApprovals = (
  codes: readonly string[],
  context: CallContext,
) => Promise<ReadonlyMap<string, ApprovalStatus>>;

/** `microsoft.graph.operationApprovalRequest`. */
const approvalRequest = z.object({
  requestId: z.string().nullish(),
  status: z.enum(['needsApproval', 'approved', 'rejected', 'cancelled', 'completed', 'expired']),
}) satisfies z.ZodType<{ readonly status: ApprovalStatus }>;

/** @param basePath of Graph, with the version and a slash at its end */
export function createReadApprovals(client: GraphClient, basePath: string): ReadApprovals {
  async function read(code: string, context: CallContext): Promise<readonly [string, ApprovalStatus] | undefined> {
    const path = basePath + approvalRequestPath(code);
    const { items } = await client.read(path, (response) => requirePage(approvalRequest, response), context);
    const found = items.find(({ requestId }) => (requestId ?? code).toLowerCase() === code.toLowerCase());
    return found && [code, found.status];
  }

  return async (codes, context) => {
    const found = await awaitAll(codes.map((code) => read(code, context)));
    return new Map(found.filter((entry) => entry !== undefined));
  };
}
