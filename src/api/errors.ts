import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { type TRPC_ERROR_CODE_KEY, type TRPC_ERROR_CODE_NUMBER, TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { CallError, type CallReason, type GraphIds } from '../errors.js';
import { CursorError } from '../graph/requests/cursor.js';

/** Why a call failed. */
export type Reason = CallReason | 'INVALID_INPUT' | 'REQUEST_REFUSED' | 'ROLE_MISSING' | 'INTERNAL';

/** Every reason with its tRPC code and what people are told. */
const reasons = {
  INVALID_INPUT: ['BAD_REQUEST', 'The input was refused.'],
  REQUEST_REFUSED: ['FORBIDDEN', 'The request was refused: it must come from this site, with the header x-csrf: 1.'],
  SIGN_IN_REQUIRED: ['UNAUTHORIZED', 'Sign in to go on.'],
  ROLE_MISSING: ['FORBIDDEN', 'Your role does not allow this.'],
  GRAPH_NOT_FOUND: ['NOT_FOUND', 'Microsoft Graph knows no such script or state.'],
  GRAPH_REJECTED: ['UNPROCESSABLE_CONTENT', 'Microsoft Graph refused the values.'],
  GRAPH_ROUTE_NOT_IMPLEMENTED: ['NOT_IMPLEMENTED', "This tenant's Intune does not offer this operation."],
  GRAPH_PERMISSION_MISSING: [
    'FORBIDDEN',
    'Microsoft Graph did not allow this: a permission or an Intune role is missing.',
  ],
  APPROVAL_JUSTIFICATION_REQUIRED: ['PRECONDITION_REQUIRED', 'This tenant wants a justification for the change.'],
  APPROVAL_PENDING: ['PRECONDITION_FAILED', 'The change waits for a second administrator to approve it.'],
  CONFLICT: ['CONFLICT', 'Microsoft Graph reports a conflict with what is there.'],
  THROTTLED: ['TOO_MANY_REQUESTS', "Microsoft Graph's quota is used up for the moment."],
  CREDENTIAL_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'The service has no token that Microsoft Graph accepts.'],
  GRAPH_UNAVAILABLE: ['SERVICE_UNAVAILABLE', 'Microsoft Graph is unreachable or failing; nothing was changed.'],
  GRAPH_TIMEOUT: ['GATEWAY_TIMEOUT', 'Microsoft Graph did not answer in time.'],
  OUTCOME_UNKNOWN: ['GATEWAY_TIMEOUT', 'The change may or may not have been made: look before you send it again.'],
  GRAPH_PROTOCOL: ['BAD_GATEWAY', 'Microsoft Graph answered with something that it does not promise.'],
  OVERLOADED: ['SERVICE_UNAVAILABLE', 'The service can not take this at the moment.'],
  CLIENT_CLOSED: ['CLIENT_CLOSED_REQUEST', 'The caller went away.'],
  INTERNAL: ['INTERNAL_SERVER_ERROR', 'Something went wrong in the service.'],
} as const satisfies Record<Reason, readonly [TRPC_ERROR_CODE_KEY, string]>;

/** The tRPC code of every reason. */
export const reasonCodes = Object.fromEntries(Object.entries(reasons).map(([reason, [code]]) => [reason, code]));

/** Where Graph's own sentence helps people; elsewhere it is not meant for them. */
const explained = new Set<Reason>([
  'GRAPH_REJECTED',
  'GRAPH_PERMISSION_MISSING',
  'APPROVAL_JUSTIFICATION_REQUIRED',
  'APPROVAL_PENDING',
  'CONFLICT',
]);

/** What HTTP has a status of its own for; the reason is `INVALID_INPUT` all the same. */
const refusedInputs: Partial<Record<TRPC_ERROR_CODE_KEY, string>> = {
  NOT_FOUND: 'There is nothing here by this name.',
  METHOD_NOT_SUPPORTED: 'This is not to be had with this method.',
  PAYLOAD_TOO_LARGE: 'The request is too large.',
  UNSUPPORTED_MEDIA_TYPE: 'The body must be application/json in UTF-8, not compressed.',
  PARSE_ERROR: 'The input is no JSON.',
  TIMEOUT: 'The request did not arrive in time.',
};

/** One thing that is wrong with an input, and where. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What `error.data` of a failed call holds. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly httpStatus: number;
  readonly path?: string;
  readonly reason: Reason;
  readonly requestId: string;
  readonly graph?: GraphIds;
  readonly retryAfterMs?: number;
  readonly approvalCode?: string;
  readonly missingPermissions?: readonly string[];
  readonly issues?: readonly InputIssue[];
}

/** A failure that this service itself decides on, to be thrown from guards and procedures. */
export class Refusal extends TRPCError {
  readonly reason: Reason;
  readonly issues: readonly InputIssue[] | undefined;
  constructor(reason: Reason, { code, issues }: { code?: TRPC_ERROR_CODE_KEY; issues?: readonly InputIssue[] } = {}) {
    super({ code: code ?? reasons[reason][0] });
    this.reason = reason;
    this.issues = issues;
  }
}

/** A refusal of an input, with what is wrong about it in words. */
export function invalidInput(message: string, path: InputIssue['path'] = [], code?: TRPC_ERROR_CODE_KEY): Refusal {
  return new Refusal('INVALID_INPUT', { issues: [{ path, message }], ...(code !== undefined && { code }) });
}

/** The reason for any error. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof Refusal || error instanceof CallError) return error.reason;
  if (error instanceof CursorError) return 'INVALID_INPUT';
  if (!(error instanceof TRPCError)) return 'INTERNAL';
  if (error.cause instanceof CallError || error.cause instanceof CursorError) return reasonOf(error.cause);
  return error.code === 'BAD_REQUEST' || error.code in refusedInputs ? 'INVALID_INPUT' : 'INTERNAL';
}

/** An input of thousands of lines can be wrong in each of them. */
const maxIssues = 100;

function issuesOf(error: TRPCError): readonly InputIssue[] | undefined {
  if (error instanceof Refusal) return error.issues;
  if (error.cause instanceof CursorError) return [{ path: ['cursor'], message: error.cause.message }];
  if (!(error.cause instanceof ZodError)) {
    return error.code === 'BAD_REQUEST'
      ? [{ path: [], message: 'the input is no JSON of the wanted form' }]
      : undefined;
  }
  return error.cause.issues.slice(0, maxIssues).map(({ path, message }) => ({
    path: path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    message,
  }));
}

/** A failed call as it is told: tRPC's error shape. */
export interface ErrorShape {
  readonly message: string;
  /** JSON-RPC's. */
  readonly code: TRPC_ERROR_CODE_NUMBER;
  readonly data: ErrorData;
}

/** An error in the form of the contract: of a call, of one of many updates, and of what is refused before tRPC. */
export function describeError(error: TRPCError, requestId: string, path?: string): ErrorShape {
  const reason = reasonOf(error);
  const [ownCode, words] = reasons[reason];
  const code = reason === 'INVALID_INPUT' && error.code in refusedInputs ? error.code : ownCode;
  const issues = issuesOf(error);
  const {
    publicMessage: explanation,
    graph,
    retryAfterMs,
    approvalCode,
    missingPermissions,
  } = error.cause instanceof CallError ? error.cause.details : {};
  const said = (reason === 'INVALID_INPUT' && refusedInputs[code]) || words;
  return {
    message: explanation && explained.has(reason) ? `${said} Graph says: ${explanation}` : said,
    code: TRPC_ERROR_CODES_BY_KEY[code],
    data: {
      code,
      httpStatus: getHTTPStatusCodeFromError(new TRPCError({ code })),
      ...(path !== undefined && { path }),
      reason,
      requestId,
      ...(graph !== undefined && { graph }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(approvalCode !== undefined && { approvalCode }),
      ...(missingPermissions !== undefined && { missingPermissions }),
      ...(issues !== undefined && { issues }),
    },
  };
}
