import type { TRPC_ERROR_CODE_KEY, TRPC_ERROR_CODE_NUMBER } from '@trpc/server/rpc';
import type { CallReason, GraphIds } from '../errors.js';
import type { ScriptUserState } from '../script-user-state.js';

/** Why a call failed. A later version can add reasons: handle an unknown one like `INTERNAL`. */
export type Reason = CallReason | 'INVALID_INPUT' | 'REQUEST_REFUSED' | 'ROLE_MISSING' | 'INTERNAL';

/** One problem of an input, and its path. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What an error can contain, whatever its reason. */
export interface ErrorDetails {
  /** tRPC's code. */
  readonly code: TRPC_ERROR_CODE_KEY;
  /** The HTTP status of the failed call; that of a batch can differ. */
  readonly httpStatus: number;
  /** The path of the procedure. */
  readonly path?: string;
  /** Identifies the call in the service's log, and in the header `x-request-id`. */
  readonly requestId: string;
  /** The ids under which Graph logged the request. */
  readonly graph?: GraphIds;
  /** How long to wait before the call is sent again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The code that completes the change once it has been approved. */
  readonly approvalCode?: string;
  /** The Graph permissions that the caller lacks. */
  readonly missingPermissions?: readonly string[];
  /** The state as Graph shows it. */
  readonly current?: ScriptUserState;
  /** The problems of the input, at most 100. */
  readonly issues?: readonly InputIssue[];
}

/** The details that errors with a given reason always contain. */
export interface GuaranteedDetails {
  readonly INVALID_INPUT: Required<Pick<ErrorDetails, 'issues'>>;
  readonly NOT_APPLIED: Required<Pick<ErrorDetails, 'current'>>;
  readonly THROTTLED: Required<Pick<ErrorDetails, 'retryAfterMs'>>;
  readonly OVERLOADED: Required<Pick<ErrorDetails, 'retryAfterMs'>>;
  readonly AUDIT_UNAVAILABLE: Required<Pick<ErrorDetails, 'retryAfterMs'>>;
}

/** The `error.data` of a call that failed with a given reason. */
export type ErrorDataOf<R extends Reason> = ErrorDetails & { readonly reason: R } & (R extends keyof GuaranteedDetails
    ? GuaranteedDetails[R]
    : unknown);

/** The `error.data` of a failed call: a union that `reason` distinguishes. */
export type ErrorData = { [R in Reason]: ErrorDataOf<R> }[Reason];

/** A failed call in tRPC's error shape. */
export interface ErrorShape {
  /** The cause, in one or more sentences that can be shown to users. */
  readonly message: string;
  /** JSON-RPC's code. */
  readonly code: TRPC_ERROR_CODE_NUMBER;
  /** The reason and its details. */
  readonly data: ErrorData;
}
