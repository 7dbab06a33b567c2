import { randomUUID } from 'node:crypto';
import { badRequest, intuneError } from './error-responses.js';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';
import type { PreparedWrite, RouteResult } from './routes.js';

/** A write that a second administrator has to approve. */
interface ApprovalRequest {
  readonly code: string;
  readonly method: string;
  readonly path: string;
  readonly justification: string | null;
  readonly approved: boolean;
}

/** Intune's multi admin approval. */
export interface Approvals {
  /** Returns the write if it is approved or needs no approval, otherwise Intune's response. */
  requireApproval(request: SimulatedRequest, write: PreparedWrite): RouteResult;
  /** Queues the request for approval and returns its 412. */
  queue(request: SimulatedRequest): SimulatedResponse;
  list(): readonly ApprovalRequest[];
  /** Approves as the second administrator; returns false if the code is unknown. */
  approve(code: string): boolean;
}

const codeHeader = 'x-msft-approval-code';
const justificationHeader = 'x-msft-approval-justification';

/** Creates an empty approval queue. `settings.approval` is read at every write. */
export function createApprovals(settings: { readonly approval: boolean }): Approvals {
  // A code is valid only for the request that it was issued for.
  const queued = new Map<string, { readonly approval: ApprovalRequest; readonly requestKey: string }>();

  function queue(request: SimulatedRequest): SimulatedResponse {
    const code = randomUUID();
    const { method, path } = request;
    const justification = decodeJustification(request.headers[justificationHeader] ?? '') ?? null;
    const approval = { code, method, path, justification, approved: false };
    queued.set(code, { approval, requestKey: requestKey(request) });
    return approvalPending(request, code);
  }

  return {
    requireApproval(request, write) {
      const code = request.headers[codeHeader] ?? '';
      const entry = queued.get(code);
      if (entry !== undefined && entry.requestKey === requestKey(request)) {
        if (!entry.approval.approved) return approvalPending(request, code);
        return {
          unapplied: write.unapplied,
          apply() {
            queued.delete(code);
            return write.apply();
          },
        };
      }
      if (!settings.approval) return write;
      const header = request.headers[justificationHeader];
      if (header === undefined) return approvalRequired(request);
      if (decodeJustification(header) === undefined) {
        return badRequest(request, `The header ${justificationHeader} must be base64 of 1 to 1024 characters of UTF-8`);
      }
      // Queueing is an effect of the request, like a write: a fault that does not apply the request must not queue it.
      return { unapplied: approvalPending(request, randomUUID()), apply: () => queue(request) };
    },
    queue,
    list: () => [...queued.values()].map(({ approval }) => approval),
    approve(code) {
      const entry = queued.get(code);
      if (entry !== undefined) queued.set(code, { ...entry, approval: { ...entry.approval, approved: true } });
      return entry !== undefined;
    },
  };
}

/** 400: the request needs a justification. */
export function approvalRequired(request: SimulatedRequest): SimulatedResponse {
  return badRequest(request, `Multi admin approval is required: send the header ${justificationHeader}`);
}

function approvalPending(request: SimulatedRequest, code: string): SimulatedResponse {
  const text = `The request is waiting for the approval of another administrator: ${codeHeader}: ${code}`;
  return intuneError(request, 412, 'PreconditionFailed', text, { headers: { [codeHeader]: code } });
}

function requestKey({ method, path, body }: SimulatedRequest): string {
  return JSON.stringify([method, path, body]);
}

function decodeJustification(header: string): string | undefined {
  const bytes = Buffer.from(header, 'base64');
  if (header === '' || bytes.toString('base64') !== header) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.length <= 1024 ? text : undefined;
  } catch {
    return undefined;
  }
}
