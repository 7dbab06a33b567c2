import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import type { Audit, AuditedWrite } from './context.js';
import { type Reason, reasonOf } from './errors.js';

/** The outcome of a write. */
export type AuditedOutcome = 'applied' | 'rejected' | 'pending-approval' | 'unknown';

/** The outcome of a write that has failed. */
export function auditedOutcome(error: unknown, reason: Reason): AuditedOutcome {
  if (reason === 'APPROVAL_PENDING') return 'pending-approval';
  // Graph has responded with 429 to writes that it applied, and no read could verify this one.
  if (error instanceof CallError && error.certainty === 'deferred') return 'unknown';
  return reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL' ? 'unknown' : 'rejected';
}

/** Called with the outcome of every write. */
export type WriteObserver = (action: AuditedWrite['action'], outcome: AuditedOutcome) => void;

/** Creates an audit that writes to a child of the log, at every log level. */
export function createAudit(log: Logger, observe: WriteObserver): Audit {
  const audit = log.child({ log: 'audit' }, { level: 'info' });
  return {
    record: (event) => audit.info(event, event.event),
    async write({ requestId, user }, { action, target, fields }, work) {
      const { scriptKind, scriptId, userStateId } = target;
      const line = { requestId, oid: user.oid, action, scriptKind, scriptId, userStateId, fields };
      try {
        const { value, graph } = await work();
        audit.info({ ...line, userStateId: value.id, outcome: 'applied' satisfies AuditedOutcome, graph }, 'write');
        observe(action, 'applied');
        return value;
      } catch (error) {
        const reason = reasonOf(error);
        const outcome = auditedOutcome(error, reason);
        const graph = error instanceof CallError ? error.details.graph : undefined;
        audit.info({ ...line, outcome, reason, graph }, 'write');
        observe(action, outcome);
        throw error;
      }
    },
  };
}
