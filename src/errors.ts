import type { ScriptUserState } from './script-user-state.js';

/**
 * Why a call failed, as reported by a layer below the API: the contract's reasons, except those that only the API
 * reports.
 */
export type CallReason =
  | 'GRAPH_NOT_FOUND'
  | 'GRAPH_REJECTED'
  | 'NOT_APPLIED'
  | 'GRAPH_ROUTE_NOT_IMPLEMENTED'
  | 'GRAPH_PERMISSION_MISSING'
  | 'APPROVAL_JUSTIFICATION_REQUIRED'
  | 'APPROVAL_PENDING'
  | 'CONFLICT'
  | 'THROTTLED'
  | 'SIGN_IN_REQUIRED'
  | 'CREDENTIAL_UNAVAILABLE'
  | 'GRAPH_UNAVAILABLE'
  | 'GRAPH_TIMEOUT'
  | 'OUTCOME_UNKNOWN'
  | 'GRAPH_PROTOCOL'
  | 'OVERLOADED'
  | 'AUDIT_UNAVAILABLE'
  | 'CLIENT_CLOSED';

/**
 * What is known about the effect of a failed request.
 * - `not-applied`: it was not applied, and would fail again in the same way
 * - `deferred`: it was not applied (after a 429, almost certainly not), and can be sent again later
 * - `completed`: it may have been applied, and Graph has finished processing it, so a read shows its effect
 * - `unknown`: it may have been applied, or may still be applied
 */
export type Certainty = 'not-applied' | 'deferred' | 'completed' | 'unknown';

/** The identifiers that Microsoft support needs. */
export interface GraphIds {
  readonly requestId?: string;
  readonly clientRequestId?: string;
  readonly activityId?: string;
}

/** The details of a {@link CallError}. */
export interface CallErrorDetails {
  readonly graph?: GraphIds;
  /** The HTTP status of the response, if there was one. */
  readonly status?: number;
  /** Graph's own `error.code`. */
  readonly code?: string;
  /** Graph's own message, redacted so that it can be shown to users. */
  readonly publicMessage?: string;
  readonly retryAfterMs?: number;
  /** Sentences for the caller that say more than the message of the reason, and replace it. */
  readonly explanation?: string;
  readonly approvalCode?: string;
  readonly missingPermissions?: readonly string[];
  /** The state as Graph shows it. */
  readonly current?: ScriptUserState;
  /** `not-applied` by default. */
  readonly certainty?: Certainty;
  readonly cause?: unknown;
}

/**
 * A failure with a reason. The Graph layer, scheduling, Redis, sign-in and the audit all throw it. Its `message` is for
 * the log; users see the message of its `reason` and `publicMessage`.
 */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly reason: CallReason;
  readonly certainty: Certainty;
  readonly details: CallErrorDetails;

  constructor(reason: CallReason, details: CallErrorDetails = {}) {
    super(reason, { cause: details.cause });
    this.reason = reason;
    this.certainty = details.certainty ?? 'not-applied';
    this.details = details;
  }

  /** The fields for the log: ids and codes, never Graph's own message, which can contain a user's name. */
  forLog(): object {
    const { status, code, graph, retryAfterMs } = this.details;
    return { certainty: this.certainty, status, code, graph, retryAfterMs, causes: describeCauses(this.cause) };
  }

  /** The same failure with a reason and a certainty that were established later. This error becomes the cause. */
  withReason(reason: CallReason, certainty: Certainty, more: Omit<CallErrorDetails, 'certainty'> = {}): CallError {
    const { retryAfterMs, ...details } = this.details;
    // A request whose outcome is unknown must not be sent again after a wait alone.
    const hasWait = retryAfterMs !== undefined && reason !== 'OUTCOME_UNKNOWN';
    const wait = hasWait ? { retryAfterMs } : {};
    return new CallError(reason, { ...details, ...wait, ...more, certainty, cause: more.cause ?? this });
  }
}

/** Returns a {@link CallError} as it is and rethrows everything else: any other error is a defect. */
export function requireCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  throw error;
}

/**
 * The root cause of a failure in one line, for operators. The errors of credentials and sockets contain no secrets, but
 * a developer's credential can contain an email address, which is redacted.
 */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : 'unknown cause';
  if (cause.cause instanceof Error) return describeCause(cause.cause);
  const text = cause.message
    .slice(0, 800)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\S{1,80}@\S{1,80}/g, '…');
  return `${cause.name}: ${text}`;
}

/** The chain of causes by name and code. Their messages are omitted: they can contain request data. */
function describeCauses(cause: unknown, depth = 0): readonly string[] | undefined {
  if (!(cause instanceof Error) || depth > 4) return undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? ` ${cause.code}` : '';
  const name = cause instanceof CallError ? cause.reason : `${cause.name}${code}`;
  return [name, ...(describeCauses(cause.cause, depth + 1) ?? [])];
}
