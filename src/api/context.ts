import type { TRPCError } from '@trpc/server';
import type { Audit } from '../audit/audit.js';
import type { User } from '../auth/user.js';
import type { Caller, Graph } from '../graph/graph.js';
import type { ActivityLog } from '../jobs/activity.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Admission } from '../scheduling/bulkhead.js';
import type { InstrumentCall } from './instrumentation.js';

/** The context of every call. */
export interface Context {
  readonly requestId: string;
  /** The signed-in user; `null` without a session. */
  readonly user: User | null;
  /** The absolute end of the session; `null` if it has none. */
  readonly expiresAt: Date | null;
  /** When the session ends without further calls; `null` if it does not. */
  readonly readIdleExpiry: () => Promise<Date | null>;
  /** Whether the session still exists, and its user still has their roles: a stream can outlive both. */
  readonly isStillAuthorized: () => Promise<boolean>;
  readonly graph: Graph;
  /** The caller on whose behalf this request calls Graph. */
  readonly caller: Caller;
  /** Whether `graph` is Microsoft's or the built-in simulator. */
  readonly graphKind: 'live' | 'simulator';
  /** The version of the service. */
  readonly version: string;
  readonly audit: Audit;
  readonly jobs: Jobs;
  readonly activity: ActivityLog;
  /** The session of the user; `undefined` without sign-in. */
  readonly sessionId: string | undefined;
  /** Whether calls use the user's own tokens. */
  readonly isDelegated: boolean;
  /** What this request holds of the memory of the service. */
  readonly admission: Admission;
  readonly instrument: InstrumentCall;
  /** Logs a failure with its cause, which callers never see. */
  readonly logFailure: (error: TRPCError, path: string | undefined) => void;
}
