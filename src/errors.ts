/** Why a call to Graph did not give its result: the part of the contract's reasons that this layer decides. */
export type CallReason =
  | 'GRAPH_NOT_FOUND'
  | 'GRAPH_REJECTED'
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
  | 'CLIENT_CLOSED';

/**
 * What is known of the request after a failed attempt.
 * - `refused`: not applied, and sending it again changes nothing
 * - `later`: not applied (or, for a 429, as good as not), and worth sending again after a while
 * - `doubtful`: it may have been applied
 */
export type Certainty = 'refused' | 'later' | 'doubtful';

/** The identifiers that Microsoft's support asks for. */
export interface GraphIds {
  readonly requestId?: string;
  readonly clientRequestId?: string;
  readonly activityId?: string;
}

/** What a {@link CallError} carries beside its reason, each where it is known. */
export interface CallErrorDetails {
  readonly graph?: GraphIds;
  /** The HTTP status of Graph's answer, if there was one. */
  readonly status?: number;
  /** Graph's own `error.code`. */
  readonly code?: string;
  /** Graph's own sentence for people, without addresses and ids. */
  readonly publicMessage?: string;
  readonly retryAfterMs?: number;
  readonly approvalCode?: string;
  readonly missingPermissions?: readonly string[];
  readonly certainty?: Certainty;
  readonly cause?: unknown;
}

/** The one error of the Graph layer. `message` is for the log; people are told by `reason` and `explanation`. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly reason: CallReason;
  readonly certainty: Certainty;
  readonly details: CallErrorDetails;

  constructor(reason: CallReason, details: CallErrorDetails = {}) {
    super(reason, { cause: details.cause });
    this.reason = reason;
    this.certainty = details.certainty ?? 'refused';
    this.details = details;
  }

  /** What may be logged of it: ids and codes, never Graph's own words, which can name a person. */
  forLog(): object {
    const { status, code, graph, retryAfterMs } = this.details;
    return { certainty: this.certainty, status, code, graph, retryAfterMs, causes: causesOf(this.cause) };
  }

  /** The same failure under another reason: what was learnt of it later. */
  as(reason: CallReason, more: CallErrorDetails = {}): CallError {
    return new CallError(reason, { ...this.details, certainty: 'refused', ...more, cause: more.cause ?? this });
  }
}

/** The causes of a failure by name and code. Their messages stay out: they can hold what was sent. */
function causesOf(cause: unknown, depth = 0): readonly string[] | undefined {
  if (!(cause instanceof Error) || depth > 4) return undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? ` ${cause.code}` : '';
  const name = cause instanceof CallError ? cause.reason : `${cause.name}${code}`;
  return [name, ...(causesOf(cause.cause, depth + 1) ?? [])];
}
