import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import type { Audit, AuditedWrite } from './context.js';
import { type Reason, reasonOf } from './errors.js';

/** What became of a write. */
export type WriteOutcome = 'applied' | 'rejected' | 'pending-approval' | 'unknown';

function outcomeOf(reason: Reason): WriteOutcome {
  if (reason === 'APPROVAL_PENDING') return 'pending-approval';
  return reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL' ? 'unknown' : 'rejected';
}

/** Hears what became of every write. */
export type WriteObserver = (action: AuditedWrite['action'], outcome: WriteOutcome) => void;

/** Writes to a log of its own, which no log level silences. */
export function createAudit(log: Logger, observe?: WriteObserver): Audit {
  const audit = log.child({ log: 'audit' }, { level: 'info' });
  return {
    note: (event) => audit.info(event, event.event),
    async write({ requestId, person }, { action, target, fields }, work) {
      const { scriptKind, scriptId, userStateId } = target;
      const line = { requestId, oid: person.oid, action, scriptKind, scriptId, userStateId, fields };
      try {
        const { value, graph } = await work();
        audit.info({ ...line, userStateId: value.id, outcome: 'applied' satisfies WriteOutcome, graph }, 'write');
        observe?.(action, 'applied');
        return value;
      } catch (error) {
        const reason = reasonOf(error);
        const graph = error instanceof CallError ? error.details.graph : undefined;
        // "Not now" that no read could confirm: it has been seen on writes that were applied.
        const unconfirmed = error instanceof CallError && error.certainty === 'later';
        const outcome = unconfirmed ? 'unknown' : outcomeOf(reason);
        audit.info({ ...line, outcome, reason, graph }, 'write');
        observe?.(action, outcome);
        throw error;
      }
    },
  };
}
