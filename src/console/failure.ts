import { TRPCClientError } from '@trpc/client';
import type { AppRouter, ErrorData, Reason } from '../contract.js';
import { OfflineError } from './trpc.js';

/** Why a call failed: a reason from the service, or that the service was not reached. */
export type FailureReason = Reason | 'UNREACHABLE' | 'OFFLINE';

/** A failure as the console shows it. */
export interface Failure {
  readonly reason: FailureReason;
  readonly title: string;
  /** The next step for the user. */
  readonly next: string;
  /** Details from the service: Graph's message, or the problems with the input. */
  readonly detail?: string;
  /** Identifies the call in the service's log. */
  readonly requestId?: string;
  readonly approvalCode?: string;
  readonly retryAfterMs?: number;
}

/** The title and the next step for each reason. */
const texts = {
  INVALID_INPUT: ['The values are not valid', 'Correct the fields listed here, then save again.'],
  REQUEST_REFUSED: ['The service rejected the request', 'Open the console at its own address, then try again.'],
  SIGN_IN_REQUIRED: ['You need to sign in again', 'Use another tab to sign in; this page keeps its state.'],
  ROLE_MISSING: [
    'Your role does not allow this',
    'Ask the owner of this application for the role that can change states.',
  ],
  GRAPH_NOT_FOUND: ['The script or state does not exist', 'It may have been deleted in Intune. Refresh the list.'],
  GRAPH_REJECTED: ['Microsoft Graph rejected the values', 'Correct them as the message says, then save again.'],
  NOT_APPLIED: [
    'Microsoft Graph did not apply the change',
    'It accepted the change but still shows other values. Intune may compute them itself.',
  ],
  GRAPH_ROUTE_NOT_IMPLEMENTED: [
    'This tenant does not support the operation',
    'Microsoft Intune does not offer it here. Retrying does not help.',
  ],
  GRAPH_PERMISSION_MISSING: [
    'A permission is missing',
    'Ask an administrator to grant the Graph permission or the Intune role, then try again.',
  ],
  APPROVAL_JUSTIFICATION_REQUIRED: [
    'A justification is required',
    'Explain why the change is needed, then send it again.',
  ],
  APPROVAL_PENDING: [
    'A second administrator must approve',
    'Give them the approval code. After they approve, send the change again from here.',
  ],
  CONFLICT: [
    'Microsoft Graph reports a conflict',
    'Refresh the list and check the current values before you try again.',
  ],
  THROTTLED: ['The request quota of Microsoft Graph is used up', 'Wait a moment, then try again.'],
  CREDENTIAL_UNAVAILABLE: [
    'The service cannot sign in to Microsoft Graph',
    "Contact the service's operators and give them the request ID.",
  ],
  GRAPH_UNAVAILABLE: ['Microsoft Graph is unavailable', 'Nothing was changed. Try again in a few minutes.'],
  GRAPH_TIMEOUT: ['Microsoft Graph did not respond in time', 'Try again in a moment.'],
  OUTCOME_UNKNOWN: [
    'The outcome is unknown',
    'The change may or may not have been made. Check the current values before you send it again.',
  ],
  GRAPH_PROTOCOL: [
    'Microsoft Graph sent an invalid response',
    "Try again. If the error persists, give the service's operators the request ID.",
  ],
  OVERLOADED: ['The service is overloaded or restarting', 'Not sent. Try again in a moment.'],
  CLIENT_CLOSED: ['The request was cancelled', 'Check the current values before you send it again.'],
  INTERNAL: [
    'The service failed',
    "The change may have been made: check the current values. Give the service's operators the request ID.",
  ],
  UNREACHABLE: ['The service is unreachable', 'Check your connection, then try again.'],
  OFFLINE: ['You are offline', 'Not sent. Try again when you are online.'],
} as const satisfies Record<FailureReason, readonly [string, string]>;

/** The reasons whose message from the service contains Graph's explanation. */
const reasonsWithMessage = new Set<FailureReason>([
  'GRAPH_REJECTED',
  'GRAPH_PERMISSION_MISSING',
  'APPROVAL_JUSTIFICATION_REQUIRED',
  'CONFLICT',
]);

/** Whether a change that failed for this reason may still have been made. */
export const isOutcomeUnknown = (reason: string): boolean => reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL';

/** Describes an error that the service returned, for a call or for one row of many. */
export function describeFailure({ message, data }: { readonly message: string; readonly data: ErrorData }): Failure {
  const { requestId, approvalCode, retryAfterMs, issues, missingPermissions } = data;
  // A newer service can return reasons that this version of the page has no text for.
  const reason = Object.hasOwn(texts, data.reason) ? data.reason : 'INTERNAL';
  const [title, next] = texts[reason];
  const detail = [
    ...(reasonsWithMessage.has(reason) && missingPermissions === undefined ? [message] : []),
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
 * Describes a thrown error.
 *
 * @param isWrite whether the call was a write: without a response, its outcome is unknown
 */
export function failureOf(thrown: unknown, isWrite = false): Failure {
  if (isCallError(thrown) && thrown.data?.reason) {
    return describeFailure({ message: thrown.message, data: thrown.data });
  }
  const offline = isCallError(thrown) && thrown.cause instanceof OfflineError;
  const reason = offline ? 'OFFLINE' : isWrite ? 'OUTCOME_UNKNOWN' : 'UNREACHABLE';
  const [title, next] = texts[reason];
  return {
    reason,
    title,
    next,
    ...(reason === 'OUTCOME_UNKNOWN' && { detail: 'The connection was lost before the service responded.' }),
  };
}

const isCallError = (thrown: unknown): thrown is TRPCClientError<AppRouter> => thrown instanceof TRPCClientError;
