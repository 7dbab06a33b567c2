import { TRPCClientError } from '@trpc/client';
import type { AppRouter, ErrorData, Reason } from '../client/index.js';
import { currentValuesText } from './current-values.js';
import { OfflineError } from './trpc.js';

/** Why a call failed: a reason from the service, or that the service was not reached. */
export type FailureReason = Reason | 'UNREACHABLE' | 'OFFLINE';

type CurrentState = NonNullable<ErrorData['current']>;

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
  /** Whether the console sends the request again by itself. */
  readonly isRetried?: true;
  /** The state as Graph shows it. The detail contains its values. */
  readonly current?: CurrentState;
}

/** What a failed write had sent. */
export interface SentWrite {
  /** The code of the approved change that it completes. */
  readonly approvalCode?: string | undefined;
  /** Whether a lost response does no harm, because the service makes the change once, however often it is sent. */
  readonly isRepeatable?: true;
}

type Texts = readonly [title: string, next: string, ofWrite?: string];

/** The title and the next step for each reason. Before the next step, a write also says what became of it. */
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
    'It accepted the change but still shows other values. Intune may compute these values itself.',
  ],
  GRAPH_ROUTE_NOT_IMPLEMENTED: [
    'This tenant does not support the operation',
    'Intune does not offer it here. Retrying does not help.',
  ],
  GRAPH_PERMISSION_MISSING: [
    'A permission is missing',
    'Ask an administrator to grant the Microsoft Graph permission or the Intune role, then try again.',
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
    "Give the service's operators the request ID.",
  ],
  GRAPH_UNAVAILABLE: ['Microsoft Graph is unavailable', 'Try again in a few minutes.', 'Nothing was changed.'],
  GRAPH_TIMEOUT: ['Microsoft Graph did not respond in time', 'Try again in a moment.'],
  OUTCOME_UNKNOWN: [
    'The outcome is unknown',
    'The change may or may not have been made. Check the current values before you send it again.',
  ],
  GRAPH_PROTOCOL: [
    'Microsoft Graph sent an invalid response',
    "Try again. If the problem persists, give the service's operators the request ID.",
  ],
  OVERLOADED: ['The service is overloaded or restarting', 'Try again in a moment.', 'The change was not sent.'],
  AUDIT_UNAVAILABLE: ['The service cannot record changes', 'Nothing was changed. Try again in a moment.'],
  CLIENT_CLOSED: ['The request was cancelled', 'Try again.', 'Check the current values first.'],
  INTERNAL: [
    'The service failed',
    "Give the service's operators the request ID.",
    'The change may have been made: check the current values.',
  ],
  UNREACHABLE: ['The service is unreachable', 'Check your connection, then try again.'],
  OFFLINE: ['You are offline', 'Try again when you are online.', 'The change was not sent.'],
} as const satisfies Record<FailureReason, Texts>;

/**
 * The texts for cases in which the reason alone does not determine the next step. They replace the service's message.
 */
const specialTexts = {
  /** `APPROVAL_PENDING` without a code. */
  alreadyFiled: [
    'This change was already submitted for approval',
    'Submitting it again has no effect. Only the person who submitted it can complete it, with the approval code that they received.',
  ],
  /** `GRAPH_PERMISSION_MISSING` for a change that was sent with a code. */
  codeRefused: [
    'Microsoft Graph did not accept the approval code',
    'It is valid only for the person who submitted the change, for exactly the same values, and until the request is rejected, cancelled, completed or expired. If it is no longer valid, submit the change again.',
  ],
  /** `OVERLOADED` for an action on a job. The service's message names the cause. */
  jobNotAccepted: ['The service did not accept the request', 'Try again later.'],
  /** `CONFLICT` with the current values. */
  changed: ['The values have changed', 'The change was not applied. Check the current values before you try again.'],
} as const satisfies Record<string, Texts>;

function textsOf(reason: FailureReason, { approvalCode, missingPermissions, current }: ErrorData, sent?: SentWrite) {
  if (reason === 'APPROVAL_PENDING' && approvalCode === undefined && sent?.approvalCode === undefined) {
    return specialTexts.alreadyFiled;
  }
  if (reason === 'GRAPH_PERMISSION_MISSING' && sent?.approvalCode !== undefined && missingPermissions === undefined) {
    return specialTexts.codeRefused;
  }
  if (reason === 'OVERLOADED' && sent?.isRepeatable) return specialTexts.jobNotAccepted;
  if (reason === 'CONFLICT' && current !== undefined) return specialTexts.changed;
  return texts[reason];
}

/** The next step, for a write after what became of it. */
const nextStep = ([, next, ofWrite]: Texts, sent: SentWrite | undefined): string =>
  sent === undefined || ofWrite === undefined ? next : `${ofWrite} ${next}`;

/** The reasons whose message from the service contains Graph's explanation. */
const reasonsWithMessage = new Set<FailureReason>([
  'GRAPH_REJECTED',
  'GRAPH_PERMISSION_MISSING',
  'APPROVAL_JUSTIFICATION_REQUIRED',
  'CONFLICT',
]);

/** Whether a change that failed for this reason may still have been made. */
export const isOutcomeUnknown = (reason: string): boolean => reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL';

/**
 * Describes an error that the service returned, for a call or for one row of many.
 *
 * @param sent what was sent, if the call was a write
 */
export function describeFailure(
  { message, data }: { readonly message: string; readonly data: ErrorData },
  sent?: SentWrite,
): Failure {
  const { requestId, retryAfterMs, issues, missingPermissions, current } = data;
  // A newer service can return reasons that this version of the page has no text for.
  const reason = Object.hasOwn(texts, data.reason) ? data.reason : 'INTERNAL';
  const descriptions = textsOf(reason, data, sent);
  const [title] = descriptions;
  // Graph repeats the code of a change that is still waiting, but not in every response.
  const approvalCode = data.approvalCode ?? (reason === 'APPROVAL_PENDING' ? sent?.approvalCode : undefined);
  const hasMessage =
    title === specialTexts.jobNotAccepted[0] ||
    (reasonsWithMessage.has(reason) && title === texts[reason][0] && missingPermissions === undefined);
  const detail = [
    ...(current === undefined ? [] : [currentValuesText(current), nameText(current)]),
    ...(hasMessage ? [message] : []),
    ...(issues ?? []).map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')),
    ...(missingPermissions === undefined ? [] : [`Missing: ${missingPermissions.join(', ')}.`]),
  ].join(' ');
  return {
    reason,
    title,
    next: nextStep(descriptions, sent),
    requestId,
    ...(detail !== '' && { detail }),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(current !== undefined && { current }),
  };
}

/**
 * Describes a thrown error.
 *
 * @param sent what was sent, if the call was a write: without a response, its outcome is unknown
 */
export function failureOf(thrown: unknown, sent?: SentWrite): Failure {
  if (isCallError(thrown) && thrown.data?.reason) {
    return describeFailure({ message: thrown.message, data: thrown.data }, sent);
  }
  const offline = isCallError(thrown) && thrown.cause instanceof OfflineError;
  const mayBeDone = sent !== undefined && !sent.isRepeatable;
  const reason = offline ? 'OFFLINE' : mayBeDone ? 'OUTCOME_UNKNOWN' : 'UNREACHABLE';
  return {
    reason,
    title: texts[reason][0],
    next: nextStep(texts[reason], sent),
    ...(reason === 'OUTCOME_UNKNOWN' && { detail: 'The connection was lost before the service responded.' }),
  };
}

const nameText = ({ userPrincipalName: name }: CurrentState) =>
  name === null ? 'There is no user principal name.' : `The user principal name is ${name}.`;

const isCallError = (thrown: unknown): thrown is TRPCClientError<AppRouter> => thrown instanceof TRPCClientError;
