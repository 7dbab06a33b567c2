import { randomUUID } from 'node:crypto';
import { approvalExists, approvalPending, approvalRequired, badRequest, forbidden } from './error-responses.js';
import type { PreparedWrite, RouteResult } from './prepared-write.js';
import { type Entity, invalidQuery } from './query-options.js';
import { pathQuery, pathSegments, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

/** The statuses of an `operationApprovalRequest`. */
export const approvalStatuses = ['needsApproval', 'approved', 'rejected', 'cancelled', 'completed', 'expired'] as const;

/** One of {@link approvalStatuses}. */
export type ApprovalStatus = (typeof approvalStatuses)[number];

/** A write that a second administrator has to approve. */
interface ApprovalRequest {
  readonly code: string;
  readonly method: string;
  readonly path: string;
  readonly justification: string | null;
  status: ApprovalStatus;
}

interface FiledRequest {
  readonly approval: ApprovalRequest;
  /** A text that is the same for identical writes. */
  readonly change: string;
  /** Who filed it: only this identity can complete it. */
  readonly identity: string | undefined;
  readonly filedAt: string;
}

/** Intune's multi admin approval. */
export interface Approvals {
  /** Returns the write if it is approved or needs no approval, otherwise Intune's response. */
  requireApproval(request: SimulatedRequest, write: PreparedWrite): RouteResult;
  /** Files the request for approval and returns its 412. */
  file(request: SimulatedRequest): SimulatedResponse;
  list(): readonly ApprovalRequest[];
  /** The `operationApprovalRequest` entities that match the `$filter`, or the 400 if it is not supported. */
  find(request: SimulatedRequest): readonly Entity[] | SimulatedResponse;
  /** Sets the status, as the second administrator does; returns false if the code is unknown. */
  setStatus(code: string, status: ApprovalStatus): boolean;
  clear(): void;
}

const codeHeader = 'x-msft-approval-code';
const justificationHeader = 'x-msft-approval-justification';
const maxJustificationLength = 1024;
const lifetimeMs = 30 * 24 * 3_600_000;

/**
 * Creates an empty list of requests. `settings.approval` is read at every write; `identify` returns the identity that
 * sent a request.
 */
export function createApprovals(
  settings: { readonly approval: boolean },
  identify: (request: SimulatedRequest) => string | undefined,
): Approvals {
  const filed = new Map<string, FiledRequest>();

  function fileRequest(request: SimulatedRequest): string {
    const code = randomUUID();
    const { method, path } = request;
    const justification = decodeJustification(request.headers[justificationHeader] ?? '') ?? null;
    filed.set(code, {
      approval: { code, method, path, justification, status: 'needsApproval' },
      change: describeChange(request),
      identity: identify(request),
      filedAt: new Date().toISOString(),
    });
    return code;
  }

  /** Filing is an effect of the request, like a write: a fault that does not apply the request must not file it. */
  function filing(request: SimulatedRequest, respond: (code: string) => SimulatedResponse): PreparedWrite {
    return { unapplied: respond(randomUUID()), apply: () => respond(fileRequest(request)) };
  }

  function complete(request: SimulatedRequest, write: PreparedWrite, entry: FiledRequest | undefined): RouteResult {
    const isOriginal = entry?.change === describeChange(request) && entry.identity === identify(request);
    if (entry === undefined || !isOriginal) return forbidden(request);
    const { approval } = entry;
    if (approval.status === 'needsApproval') return approvalPending(request, approval.code);
    if (approval.status !== 'approved') return forbidden(request);
    return {
      unapplied: write.unapplied,
      apply() {
        approval.status = 'completed';
        return write.apply();
      },
    };
  }

  return {
    requireApproval(request, write) {
      const { [codeHeader]: code, [justificationHeader]: justification } = request.headers;
      const entry = filed.get(code ?? '');
      // A fault can file a request while approval is off.
      if (!settings.approval && entry === undefined) return write;
      if (code !== undefined && justification === undefined) return complete(request, write, entry);
      if (justification === undefined) return approvalRequired(request);
      if (decodeJustification(justification) === undefined) {
        const problem = `must be base64 of 1 to ${maxJustificationLength} characters of UTF-8`;
        return badRequest(request, `The header ${justificationHeader} ${problem}`);
      }
      // With both headers, Intune files another request and completes none.
      if (code !== undefined) return filing(request, () => approvalExists(request));
      const change = describeChange(request);
      const isActive = [...filed.values()].some(
        (each) => each.change === change && /^(needsApproval|approved)$/.test(each.approval.status),
      );
      if (isActive) return approvalExists(request);
      return filing(request, (newCode) => approvalPending(request, newCode));
    },
    file: (request) => approvalPending(request, fileRequest(request)),
    list: () => [...filed.values()].map(({ approval }) => approval),
    find(request) {
      const filter = pathQuery(request).get('$filter');
      if (filter === null) return [...filed.values()].map(approvalEntity);
      const code = /^requestId eq '([^']*)'$/.exec(filter)?.[1];
      if (code === undefined) return invalidQuery(request, `$filter must be requestId eq '…', not '${filter}'.`);
      const entry = filed.get(code.toLowerCase());
      return entry === undefined ? [] : [approvalEntity(entry)];
    },
    setStatus(code, status) {
      const entry = filed.get(code);
      if (entry !== undefined) entry.approval.status = status;
      return entry !== undefined;
    },
    clear: () => filed.clear(),
  };
}

function approvalEntity({ approval, filedAt }: FiledRequest): Entity {
  return {
    '@odata.type': '#microsoft.graph.operationApprovalRequest',
    id: approval.code,
    requestId: approval.code,
    requestDateTime: filedAt,
    expirationDateTime: new Date(Date.parse(filedAt) + lifetimeMs).toISOString(),
    status: approval.status,
    requestJustification: approval.justification,
  };
}

/** The same text for identical writes, regardless of the order of properties and the case of ids. */
function describeChange(request: SimulatedRequest): string {
  const path = pathSegments(request)?.join('/').toLowerCase() ?? request.path;
  try {
    const body: unknown = request.body === '' ? null : JSON.parse(request.body);
    const entries =
      typeof body === 'object' && body !== null ? Object.entries(body).toSorted(([a], [b]) => (a < b ? -1 : 1)) : body;
    return JSON.stringify([request.method, path, entries]);
  } catch {
    return JSON.stringify([request.method, path, request.body]);
  }
}

function decodeJustification(header: string): string | undefined {
  const bytes = Buffer.from(header, 'base64');
  if (header === '' || bytes.toString('base64') !== header) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.length <= maxJustificationLength ? text : undefined;
  } catch {
    return undefined;
  }
}
