import type { TRPCError } from '@trpc/server';
import type { User } from '../auth/user.js';
import type { Caller, Graph, WriteResult } from '../graph/graph.js';
import type { ScriptRef } from '../graph/ids.js';
import type { InstrumentCall } from './instrumentation.js';

/** The context of every call. */
export interface Context {
  readonly requestId: string;
  /** The signed-in user; `null` without a session. */
  readonly user: User | null;
  /** The absolute end of the session; `null` if it has none. */
  readonly expiresAt: Date | null;
  readonly graph: Graph;
  /** The caller on whose behalf this request calls Graph. */
  readonly caller: Caller;
  /** Whether `graph` is Microsoft's or the built-in simulator. */
  readonly graphKind: 'live' | 'simulator';
  readonly audit: Audit;
  readonly instrument: InstrumentCall;
  /** Logs a failure with its cause, which callers never see. */
  readonly logFailure: (error: TRPCError, path: string | undefined) => void;
}

/** The user who writes, and the request. */
export interface Actor {
  readonly requestId: string;
  readonly user: User;
}

/** A write, with the names of its fields but not their values. */
export interface AuditedWrite {
  readonly action: 'update' | 'create' | 'delete';
  readonly target: ScriptRef & { readonly userStateId?: string | undefined };
  readonly fields: readonly string[];
}

/** A sign-in, a sign-out, or a rejected call. */
export interface AuditedEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out' | 'refused';
  readonly requestId: string;
  readonly oid?: string;
  readonly action?: string;
  readonly reason?: string;
}

/** Records who did what: one line for every write, whatever its outcome, and one for every sign-in and sign-out. */
export interface Audit {
  record(event: AuditedEvent): void;
  /** Runs a write and records its outcome. Returns the result of `work`, or throws its error. */
  write<T extends { readonly id: string }>(
    actor: Actor,
    write: AuditedWrite,
    work: () => Promise<WriteResult<T>>,
  ): Promise<T>;
}
