import { TRPCClientError } from '@trpc/client';
import type { AppRouter, ErrorData, Reason } from '../contract.js';
import { OfflineError } from './trpc.js';

/** Why something did not work: a reason of the service's, or that no answer of the service came. */
export type FailureReason = Reason | 'UNREACHABLE' | 'OFFLINE';

/** What went wrong and what to do next, in words for people. */
export interface Failure {
  readonly reason: FailureReason;
  readonly title: string;
  readonly next: string;
  /** The service's own sentence, where it says more: Graph's explanation, or what is wrong with the input. */
  readonly detail?: string;
  /** By which the service's log knows the call. */
  readonly requestId?: string;
  readonly approvalCode?: string;
  readonly retryAfterMs?: number;
}

const words = {
  INVALID_INPUT: ['These values can not be used', 'Correct what is named here and save again.'],
  REQUEST_REFUSED: ['The service refused this page', 'Open the console at its own address and try again.'],
  SIGN_IN_REQUIRED: ['You need to sign in again', 'Sign in on another page; what is here stays.'],
  ROLE_MISSING: ['Your role does not allow this', 'Ask the owner of this service for the role that may change states.'],
  GRAPH_NOT_FOUND: ['It is not there any more', 'It may have been deleted in Intune. Refresh the list.'],
  GRAPH_REJECTED: ['Microsoft Graph refused the values', 'Check them against the explanation and save again.'],
  GRAPH_ROUTE_NOT_IMPLEMENTED: [
    'This tenant can not do that',
    'Microsoft Intune does not offer this operation here. Trying again will not help.',
  ],
  GRAPH_PERMISSION_MISSING: [
    'A permission is missing',
    'An Intune administrator has to grant what is named here. Then try again.',
  ],
  APPROVAL_JUSTIFICATION_REQUIRED: ['A reason is needed', 'Say why this change is needed, and send it with that.'],
  APPROVAL_PENDING: [
    'A second administrator has to approve',
    'Give them the code. Once it is approved, send the change again from here.',
  ],
  CONFLICT: ['Somebody else changed it', 'Refresh the list, look at what is there now, and decide again.'],
  THROTTLED: ['Microsoft Graph is busy', 'Nothing is wrong with the change. Wait a moment and try again.'],
  CREDENTIAL_UNAVAILABLE: [
    'The service has no access to Microsoft Graph',
    "Tell the service's operators; the request id helps them.",
  ],
  GRAPH_UNAVAILABLE: ['Microsoft Graph can not be reached', 'Nothing was changed. Try again in a few minutes.'],
  GRAPH_TIMEOUT: ['Microsoft Graph did not answer in time', 'Try again in a moment.'],
  OUTCOME_UNKNOWN: [
    'It is not known whether the change was made',
    'Look again before you send it once more: it may be there already.',
  ],
  GRAPH_PROTOCOL: [
    'Microsoft Graph gave an answer that makes no sense',
    "Try again. If it stays, tell the service's operators the request id.",
  ],
  OVERLOADED: ['The service has too much to do', 'Nothing was sent. Wait a moment and try again.'],
  CLIENT_CLOSED: ['It was cancelled', 'Look again before you send it once more.'],
  INTERNAL: [
    'Something went wrong in the service',
    "A change may have been made all the same: look again. Tell the service's operators the request id.",
  ],
  UNREACHABLE: ['The service can not be reached', 'Check your connection and try again.'],
  OFFLINE: ['You are offline', 'Nothing was sent. Try again when you are connected.'],
} as const satisfies Record<FailureReason, readonly [string, string]>;

/** Whose messages say more than the words here. */
const telling = new Set<FailureReason>([
  'GRAPH_REJECTED',
  'GRAPH_PERMISSION_MISSING',
  'APPROVAL_JUSTIFICATION_REQUIRED',
  'CONFLICT',
]);

/** Whether a change that failed so may have been made all the same. */
export const leavesUnknown = (reason: string): boolean => reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL';

/** A failure as the service described it: of a call, or of one row of many. */
export function describeFailure({ message, data }: { readonly message: string; readonly data: ErrorData }): Failure {
  const { requestId, approvalCode, retryAfterMs, issues, missingPermissions } = data;
  // A service that is newer than this page can have reasons that it has no words for.
  const reason = Object.hasOwn(words, data.reason) ? data.reason : 'INTERNAL';
  const [title, next] = words[reason];
  const detail = [
    ...(telling.has(reason) && missingPermissions === undefined ? [message] : []),
    ...(issues ?? []).map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')),
    ...(missingPermissions === undefined ? [] : [`Missing: ${missingPermissions.join(', ')}.`]),
  ].join(' ');
  return {
    reason,
    title,
    next,
    requestId,
    ...(detail !== '' && { detail }),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/**
 * What a thrown error means.
 *
 * @param wrote whether the call was to change something: when no answer came, nobody here knows whether it did
 */
export function failureOf(thrown: unknown, wrote = false): Failure {
  if (isFailedCall(thrown) && thrown.data?.reason)
    return describeFailure({ message: thrown.message, data: thrown.data });
  const offline = isFailedCall(thrown) && thrown.cause instanceof OfflineError;
  const reason = offline ? 'OFFLINE' : wrote ? 'OUTCOME_UNKNOWN' : 'UNREACHABLE';
  const [title, next] = words[reason];
  const broken = reason === 'OUTCOME_UNKNOWN';
  return { reason, title, next, ...(broken && { detail: 'The connection to the service broke before it answered.' }) };
}

const isFailedCall = (thrown: unknown): thrown is TRPCClientError<AppRouter> => thrown instanceof TRPCClientError;
