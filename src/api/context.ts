import type { TRPCError } from '@trpc/server';
import type { Person } from '../auth/person.js';
import type { Graph, WriteResult } from '../graph/graph.js';
import type { ScriptRef } from '../graph/routes.js';
import type { InstrumentCall } from './instrument.js';

/** What every call has at hand. */
export interface Context {
  readonly requestId: string;
  /** Who is signed in; `null` when nobody is. */
  readonly person: Person | null;
  /** When the session ends at the latest; `null` when it has no end. */
  readonly expiresAt: Date | null;
  /** Graph, with the tokens that this call is made with. */
  readonly graph: Graph;
  /** Whether `graph` is Microsoft's or the built-in simulator. */
  readonly graphKind: 'live' | 'simulator';
  readonly audit: Audit;
  readonly instrument: InstrumentCall;
  /** Notes a failure for operators, whose cause nobody else is told. */
  readonly logFailure: (error: TRPCError, path: string | undefined) => void;
}

/** Who writes, in which call. */
export interface Actor {
  readonly requestId: string;
  readonly person: Person;
}

/** What is about to be written: the names of the fields, never their values. */
export interface AuditedWrite {
  readonly action: 'update' | 'create' | 'delete';
  readonly target: ScriptRef & { readonly userStateId?: string | undefined };
  readonly fields: readonly string[];
}

/** A sign-in, a sign-out, or something that somebody was refused. */
export interface AuditedEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out' | 'refused';
  readonly requestId: string;
  readonly oid?: string;
  readonly action?: string;
  readonly reason?: string;
}

/** Accounts for what people do: one line for each write, whatever becomes of it, and for who came and went. */
export interface Audit {
  note(event: AuditedEvent): void;
  /** Does the write and leaves its line. The result, or the error, is that of `work`. */
  write<T extends { readonly id: string }>(
    author: Actor,
    about: AuditedWrite,
    work: () => Promise<WriteResult<T>>,
  ): Promise<T>;
}
