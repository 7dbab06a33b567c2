import { CallError, type CallErrorDetails, type CallReason, describeCause } from '../errors.js';
import { approvalPermission, requiredPermission } from '../graph/tokens/permissions.js';
import { adviceOnConnection } from './connection-advice.js';

/** A failure with advice for the operator. Both can have several lines. */
export class Diagnosis extends Error {
  override readonly name = 'Diagnosis';
  readonly advice: string | undefined;
  constructor(message: string, advice?: string) {
    super(message);
    this.advice = advice;
  }
}

const checkAddress =
  'check that GRAPH_BASE_URL is the address of a Microsoft Graph with its version (…/beta), and that this machine can reach it (firewall, DNS)';

/** What to do about each reason. */
const advice: Partial<Record<CallReason, string | ((details: CallErrorDetails) => string)>> = {
  CREDENTIAL_UNAVAILABLE: 'check GRAPH_CREDENTIAL and its variables; GRAPH_ACCESS_TOKEN may have expired',
  GRAPH_PERMISSION_MISSING: ({ missingPermissions }) =>
    missingPermissions === undefined || missingPermissions.length === 0
      ? 'assign an Intune role that includes scripts to this user or application; a new token or sign-in does not help'
      : `grant the application one of these permissions with admin consent: ${missingPermissions.join(', ')}`,
  GRAPH_ROUTE_NOT_IMPLEMENTED: adviceOnRoute,
  GRAPH_UNAVAILABLE: checkAddress,
  GRAPH_TIMEOUT: 'Graph is slow or unreachable: try again, or raise GRAPH_DEADLINE_MS',
  GRAPH_PROTOCOL: checkAddress,
  THROTTLED: 'the request quota is used up: try again in a minute',
  CONFLICT: 'Graph reports a conflict or a lock: see its message, and try again later',
  APPROVAL_JUSTIFICATION_REQUIRED: 'the tenant requires multi admin approval: updates need `approval.justification`',
  APPROVAL_PENDING: 'the tenant requires multi admin approval: the update waits for a second administrator',
  NOT_APPLIED:
    'this tenant accepts the update and ignores it: Intune computes these values, so corrections have no effect',
  OUTCOME_UNKNOWN: 'a write of unchanged values has an unknown outcome: check that the user state is still correct',
};

/** What to do about a permission that the token lacks. */
export const grantPermission = `grant the application ${requiredPermission} with admin consent; assign an Intune role to a user`;

/** What to do about a permission that only some tenants need. */
export const grantApprovalPermission = `if the tenant uses multi admin approval, also grant ${approvalPermission}: without it, jobs that wait for approval continue only when a user resumes them`;

function adviceOnRoute({ status, publicMessage = '' }: CallErrorDetails): string {
  if (/target tenant/i.test(publicMessage)) {
    return 'this tenant does not use Intune: assign a license, and set the MDM authority in the Intune admin center';
  }
  if (status === 405 || status === 501 || /\b(?:segment|version)\b/i.test(publicMessage)) {
    return 'this version of Graph does not have the operation: check the version at the end of GRAPH_BASE_URL (…/beta)';
  }
  return 'Intune in this tenant does not offer the operation: contact Microsoft support';
}

/** The reasons of responses that are not Graph's own. */
const foreignReasons = new Set<CallReason>(['GRAPH_PROTOCOL', 'GRAPH_UNAVAILABLE', 'THROTTLED', 'OUTCOME_UNKNOWN']);

/** Whether something between this machine and Graph responded: nothing in the response is specific to Graph. */
function isForeign({ reason, details: { status, code, publicMessage, graph } }: CallError): boolean {
  const hasSign = code !== undefined || publicMessage !== undefined || graph?.requestId !== undefined;
  return foreignReasons.has(reason) && status !== undefined && !hasSign;
}

function adviceOn(error: CallError): string | undefined {
  const { reason, details, cause } = error;
  const onConnection = adviceOnConnection(cause);
  if (onConnection !== undefined) return onConnection;
  const found = advice[reason];
  const ownAdvice = typeof found === 'function' ? found(details) : found;
  if (!isForeign(error)) return ownAdvice;
  const onProxy =
    details.status === 407
      ? 'the proxy requires authentication: add a user name and password to HTTPS_PROXY'
      : 'a proxy or captive portal responded instead of Graph: check GRAPH_BASE_URL, the proxy, and whether this network requires sign-in';
  return reason === 'OUTCOME_UNKNOWN' ? `${ownAdvice}\n${onProxy}` : onProxy;
}

/** Describes a failure in one line, with its cause and the ids that Microsoft support needs, and adds advice. */
export function diagnose(error: unknown): Diagnosis {
  if (error instanceof Diagnosis) return error;
  if (!(error instanceof CallError)) return new Diagnosis(error instanceof Error ? error.message : String(error));
  const { status, code, publicMessage, graph, current } = error.details;
  const cause = error.cause === undefined ? undefined : describeCause(error.cause);
  const parts = [
    error.reason,
    status !== undefined && `HTTP ${status}`,
    code,
    publicMessage,
    // Without the name: the output may be kept, and a user principal name is personal data.
    current && `Graph shows ${current.successDeviceCount} successful and ${current.errorDeviceCount} failed devices`,
    // After a verification, the cause can repeat the reason.
    cause !== `CallError: ${error.reason}` && cause,
    ...Object.entries(graph ?? {}).map(([name, id]) => `${name} ${id}`),
  ];
  return new Diagnosis(parts.filter(Boolean).join('; '), adviceOn(error));
}
