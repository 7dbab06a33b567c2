import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { type TRPC_ERROR_CODE_KEY, TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { z } from 'zod';
import { CallError } from '../errors.js';
import { CursorError } from '../graph/requests/cursor.js';
import type { ErrorData, ErrorDetails, ErrorShape, InputIssue, Reason } from './error-data.js';

/** The tRPC code and the message of every reason. */
const reasons = {
  INVALID_INPUT: ['BAD_REQUEST', 'The input is invalid.'],
  REQUEST_REFUSED: [
    'FORBIDDEN',
    'The request was rejected. It must come from the same origin, with the header x-csrf: 1.',
  ],
  SIGN_IN_REQUIRED: ['UNAUTHORIZED', 'Sign in to continue.'],
  ROLE_MISSING: ['FORBIDDEN', 'Your role does not allow this.'],
  GRAPH_NOT_FOUND: ['NOT_FOUND', 'Microsoft Graph has no such script or state.'],
  GRAPH_REJECTED: ['UNPROCESSABLE_CONTENT', 'Microsoft Graph rejected the values.'],
  NOT_APPLIED: ['UNPROCESSABLE_CONTENT', 'Microsoft Graph accepted the change but still shows other values.'],
  GRAPH_ROUTE_NOT_IMPLEMENTED: ['NOT_IMPLEMENTED', "This tenant's Intune does not support this operation."],
  GRAPH_PERMISSION_MISSING: [
    'FORBIDDEN',
    'Microsoft Graph denied the request: a permission or an Intune role is missing.',
  ],
  APPROVAL_JUSTIFICATION_REQUIRED: ['PRECONDITION_REQUIRED', 'This tenant requires a justification for the change.'],
  APPROVAL_PENDING: ['PRECONDITION_FAILED', 'The change is waiting for approval by a second administrator.'],
  CONFLICT: ['CONFLICT', 'The state does not have the expected values, or Microsoft Graph reports a conflict.'],
  THROTTLED: ['TOO_MANY_REQUESTS', "Microsoft Graph's request quota is used up. Retry later."],
  CREDENTIAL_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'The service has no token that Microsoft Graph accepts.'],
  GRAPH_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'Microsoft Graph is unavailable. Nothing was changed.'],
  GRAPH_TIMEOUT: ['GATEWAY_TIMEOUT', 'Microsoft Graph did not respond in time.'],
  OUTCOME_UNKNOWN: [
    'GATEWAY_TIMEOUT',
    'The change may or may not have been applied. Check the state before you retry.',
  ],
  GRAPH_PROTOCOL: ['BAD_GATEWAY', 'Microsoft Graph sent an unexpected response.'],
  OVERLOADED: ['SERVICE_UNAVAILABLE', 'The service is busy or restarting. Nothing was changed. Retry later.'],
  AUDIT_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'The audit trail cannot be written, so nothing was changed. Retry later.'],
  CLIENT_CLOSED: ['CLIENT_CLOSED_REQUEST', 'The client closed the request.'],
  INTERNAL: ['INTERNAL_SERVER_ERROR', 'An unexpected error occurred in the service.'],
} as const satisfies Record<Reason, readonly [TRPC_ERROR_CODE_KEY, string]>;

/** The tRPC code of every reason. */
export const reasonCodes = Object.fromEntries(Object.entries(reasons).map(([reason, [code]]) => [reason, code]));

/** The reasons for which Graph's own message helps users. */
const reasonsWithGraphMessage = new Set<Reason>([
  'GRAPH_REJECTED',
  'GRAPH_PERMISSION_MISSING',
  'APPROVAL_JUSTIFICATION_REQUIRED',
  'APPROVAL_PENDING',
  'CONFLICT',
]);

/** The reasons whose errors always contain `retryAfterMs`. */
const retryableReasons = new Set<Reason>(['THROTTLED', 'OVERLOADED', 'AUDIT_UNAVAILABLE']);

/** The wait if Graph does not specify one. */
const defaultRetryAfterMs = 1_000;

/** Failures with their own HTTP status. Their reason is also `INVALID_INPUT`. */
const httpFailures: Partial<Record<TRPC_ERROR_CODE_KEY, string>> = {
  NOT_FOUND: 'No such procedure',
  METHOD_NOT_SUPPORTED: 'The method is not allowed',
  PAYLOAD_TOO_LARGE: 'The request is too large',
  UNSUPPORTED_MEDIA_TYPE: 'The request body must be application/json in UTF-8, uncompressed',
  PARSE_ERROR: 'The input is not valid JSON',
  TIMEOUT: 'The request was not received in time',
};

/** An error that guards and procedures throw. */
export class Refusal extends TRPCError {
  readonly reason: Reason;
  readonly issues: readonly InputIssue[] | undefined;
  constructor(reason: Reason, { code, issues }: { code?: TRPC_ERROR_CODE_KEY; issues?: readonly InputIssue[] } = {}) {
    super({ code: code ?? reasons[reason][0] });
    this.reason = reason;
    this.issues = issues;
  }
}

/** Creates the error for an invalid input. @param message describes the problem */
export function invalidInput(message: string, path: InputIssue['path'] = [], code?: TRPC_ERROR_CODE_KEY): Refusal {
  return new Refusal('INVALID_INPUT', { issues: [{ path, message }], ...(code !== undefined && { code }) });
}

/** The reason of any error. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof Refusal || error instanceof CallError) return error.reason;
  if (error instanceof CursorError) return 'INVALID_INPUT';
  if (!(error instanceof TRPCError)) return 'INTERNAL';
  if (error.cause instanceof CallError || error.cause instanceof CursorError) return reasonOf(error.cause);
  return error.code === 'BAD_REQUEST' || error.code in httpFailures ? 'INVALID_INPUT' : 'INTERNAL';
}

/** The maximum number of issues in an error: each of thousands of rows can be invalid. */
const maxIssues = 100;

/** The problems of an invalid input. */
function issuesOf(error: TRPCError): readonly InputIssue[] {
  if (error instanceof Refusal && error.issues !== undefined) return error.issues;
  if (error.cause instanceof CursorError) return [{ path: ['cursor'], message: error.cause.message }];
  if (!(error.cause instanceof z.core.$ZodError)) {
    return [{ path: [], message: httpFailures[error.code] ?? 'The input must be JSON of the expected form' }];
  }
  return error.cause.issues.slice(0, maxIssues).map(({ path, message }) => ({
    path: path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    message,
  }));
}

/** Names the first problem of an invalid input. The messages of guards are sentences, those of fields predicates. */
function inputMessage([first]: readonly InputIssue[]): string {
  const [, general] = reasons.INVALID_INPUT;
  if (first === undefined) return general;
  if (first.path.length > 0) return `${general.slice(0, -1)}: ${first.path.join('.')} ${first.message}.`;
  return /^[a-z]/.test(first.message) ? `The input ${first.message}.` : `${first.message}.`;
}

/** How long the caller of a failed call has to wait before the next attempt, in milliseconds, where that is known. */
export function retryAfterOf(error: TRPCError): number | undefined {
  const known = error.cause instanceof CallError ? error.cause.details.retryAfterMs : undefined;
  return known ?? (retryableReasons.has(reasonOf(error)) ? defaultRetryAfterMs : undefined);
}

/** Whether tRPC found no procedure. Its path is then the caller's text, which is not sent back. */
const isUnknownProcedure = (error: TRPCError): boolean =>
  error.code === 'NOT_FOUND' && !(error instanceof Refusal) && error.cause === undefined;

/**
 * Converts an error to the contract's shape: of a call, of one of many updates, or of a request that was rejected
 * before tRPC.
 */
export function describeError(error: TRPCError, requestId: string, path?: string): ErrorShape {
  const reason = reasonOf(error);
  const [ownCode, ownMessage] = reasons[reason];
  const code = reason === 'INVALID_INPUT' && error.code in httpFailures ? error.code : ownCode;
  const issues = reason === 'INVALID_INPUT' ? issuesOf(error) : undefined;
  const details = error.cause instanceof CallError ? error.cause.details : {};
  const { publicMessage, explanation, graph, approvalCode, missingPermissions, current } = details;
  const retryAfterMs = retryAfterOf(error);
  const message = issues === undefined ? (explanation ?? ownMessage) : inputMessage(issues);
  const data = {
    code,
    httpStatus: getHTTPStatusCodeFromError(new TRPCError({ code })),
    ...(path !== undefined && !isUnknownProcedure(error) && { path }),
    reason,
    requestId,
    ...(graph !== undefined && { graph }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(missingPermissions !== undefined && { missingPermissions }),
    ...(current !== undefined && { current }),
    ...(issues !== undefined && { issues }),
  } satisfies ErrorDetails & { reason: Reason };
  return {
    message:
      publicMessage && reasonsWithGraphMessage.has(reason)
        ? `${message} Microsoft Graph's message: ${publicMessage}`
        : message,
    code: TRPC_ERROR_CODES_BY_KEY[code],
    // The compiler cannot relate the details to the reason. `NOT_APPLIED` is only thrown after the state was read.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    data: data as ErrorData,
  };
}
