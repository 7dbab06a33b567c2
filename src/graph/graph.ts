import type { GraphIds } from '../errors.js';
import type { PerPriority } from '../scheduling/priority.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { DeviceRunState, ScriptOverview, ScriptSummary, UserStateOfScript } from './entities.js';
import type { ScriptKind, ScriptRef, StateRef } from './ids.js';
import type { TokenSource } from './tokens/token-source.js';

/** The status of a change that was filed for approval by a second administrator. */
export type ApprovalStatus = 'needsApproval' | 'approved' | 'rejected' | 'cancelled' | 'completed' | 'expired';

/** New values. Omitted fields keep their values. */
export interface UserStatePatch {
  /** On how many of the person's devices the script succeeded: 0 to 2,147,483,647. */
  readonly successDeviceCount?: number | undefined;
  /** On how many of the person's devices the script failed: 0 to 2,147,483,647. */
  readonly errorDeviceCount?: number | undefined;
  /** 1 to 1,024 characters. */
  readonly userPrincipalName?: string | undefined;
}

/** Values to be written to a state. `null` restores a name that Graph had none for. */
export interface UserStateValues extends Omit<UserStatePatch, 'userPrincipalName'> {
  readonly userPrincipalName?: string | null | undefined;
}

/** A state to be created. Graph assigns an id if there is none. */
export interface NewUserState extends Required<UserStatePatch> {
  readonly id?: string | undefined;
}

/**
 * Multi admin approval: a justification files a change, and a code completes it after the approval. With both, Graph
 * would file the change again.
 */
export interface Approval {
  /** Files the change for approval by a second administrator: 1 to 1,024 characters. */
  readonly justification?: string | undefined;
  /** Completes the approved change: the `approvalCode` with which it was filed. */
  readonly code?: string | undefined;
}

/** The values that the caller saw. A state with other values is not written to. */
export interface ExpectedUserState {
  readonly successDeviceCount?: number | undefined;
  readonly errorDeviceCount?: number | undefined;
  readonly userPrincipalName?: string | null | undefined;
}

/** One page of a list. The last one has no `nextCursor`. */
export interface Page<T> {
  /** The entries. A page before the last can be empty. */
  readonly items: readonly T[];
  /** The `cursor` of the next page. */
  readonly nextCursor?: string;
  /** How many entries were left out because Graph sent them in an unknown form. Absent if there are none. */
  readonly unreadable?: number;
}

/** The result of a write, with the ids under which Graph logged it. */
export interface WriteResult<T> {
  readonly value: T;
  readonly graph: GraphIds;
  /** Set if the state had the values already, so that nothing was sent. Only with {@link Update.readFirst}. */
  readonly isUnchanged?: true;
}

/**
 * The caller on whose behalf Graph is called. Requests of the same caller object that are ready at the same time are
 * sent in one `$batch`, so each HTTP request has its own object.
 */
export interface Caller {
  readonly tokens: TokenSource;
  /** The key under which the calls share the quota. */
  readonly fairnessKey: string;
}

/** The options of every call. */
export interface CallOptions {
  readonly caller: Caller;
  /** Aborts when the caller disconnects. */
  readonly signal?: AbortSignal | undefined;
}

/** Called while a write is in progress. */
export interface WriteHooks {
  /** With the state before the write, if `expected` or `readFirst` requires that it is read. */
  readonly onRead: (state: ScriptUserState) => void;
  /** Before each request of the write, once it has a slot and a token. If it rejects, the request is not sent. */
  readonly beforeSend: () => Promise<void>;
}

/** The options of a write. */
export interface WriteOptions extends CallOptions {
  readonly approval?: Approval | undefined;
  readonly hooks?: WriteHooks | undefined;
}

/** The options of a write to a state that exists. */
export interface ChangeOptions extends WriteOptions {
  /** If the state has other values, nothing is sent: `CONFLICT`. Without it, the state is not read before the write. */
  readonly expected?: ExpectedUserState | undefined;
}

/** How an update is carried out. */
export interface UpdateMode {
  /**
   * Reads the state before the write, also without `expected`. A state that has the values already is not written to,
   * and after a failed attempt a state that has changed since the read is not written to again.
   */
  readonly readFirst?: boolean | undefined;
  /**
   * Set if an earlier process may have sent the write. Its outcome is then read first, and it is sent again only if it
   * was not applied.
   */
  readonly interrupted?: InterruptedWrite | undefined;
}

/** A write whose process ended before its outcome was known. */
export interface InterruptedWrite {
  /** The state before it. */
  readonly before: ScriptUserState | undefined;
  /** Whether the write may be sent again if it was not applied. */
  readonly mayRepeat: boolean;
}

/** One update of several. */
export interface Update extends StateRef, UpdateMode {
  /** The new values: at least one. */
  readonly patch: UserStateValues;
  /** The values that the caller saw. If the state has other values, nothing is sent: `CONFLICT`. */
  readonly expected?: ExpectedUserState | undefined;
  /** Takes precedence over the approval of the whole call. */
  readonly approval?: Approval | undefined;
}

/** Several updates whose positions among the writes on their states are reserved. They yield to interactive calls. */
export interface BulkUpdate {
  /**
   * Sends an update after the writes before it have ended. Call it once per update. The deadline starts when the update
   * gets its first slot.
   *
   * @throws {CallError} as `update` does; `OVERLOADED` if the service stops before the update was sent
   */
  run(index: number, hooks?: WriteHooks): Promise<WriteResult<ScriptUserState>>;
  /** Sets the listener that is called with the index of an update that another write waits for. */
  onContended(listener: (index: number) => void): void;
  /** Cancels the updates that have not been sent. Call it once, at the end. */
  cancelRemaining(): void;
}

/** Which of Graph's limits a request counts against. */
export type QuotaName = 'reads' | 'writes';

/** The state of one quota. */
export interface QuotaUsage {
  readonly quota: QuotaName;
  /** Requests per window. */
  readonly limit: number;
  /** `undefined` while the other replicas' use is not known. */
  readonly used: number | undefined;
  readonly waiting: PerPriority<number>;
}

/** Microsoft Graph, as far as this service uses it. Every method throws {@link CallError}. */
export interface Graph {
  readonly userStates: {
    list(script: ScriptRef, cursor: string | undefined, options: CallOptions): Promise<Page<ScriptUserState>>;
    /** One person's states for all scripts. A page can be empty although there are further pages. */
    listForUser(userId: string, cursor: string | undefined, options: CallOptions): Promise<Page<UserStateOfScript>>;
    get(target: StateRef, options: CallOptions): Promise<ScriptUserState>;
    update(target: StateRef, patch: UserStatePatch, options: ChangeOptions): Promise<WriteResult<ScriptUserState>>;
    /** Reserves the positions of several updates at once. */
    updateMany(updates: readonly Update[], options: WriteOptions): BulkUpdate;
    create(script: ScriptRef, state: NewUserState, options: WriteOptions): Promise<WriteResult<ScriptUserState>>;
    delete(target: StateRef, options: ChangeOptions): Promise<WriteResult<{ readonly id: string }>>;
  };
  readonly scripts: {
    list(kind: ScriptKind, cursor: string | undefined, options: CallOptions): Promise<Page<ScriptSummary>>;
    /** The same list, with the summary of each script's runs. */
    overview(kind: ScriptKind, cursor: string | undefined, options: CallOptions): Promise<Page<ScriptOverview>>;
  };
  readonly deviceRunStates: {
    list(target: StateRef, cursor: string | undefined, options: CallOptions): Promise<Page<DeviceRunState>>;
    /** The device states of all people. */
    listForScript(script: ScriptRef, cursor: string | undefined, options: CallOptions): Promise<Page<DeviceRunState>>;
  };
  /**
   * The statuses of up to 20 changes that were filed for approval, by their codes. Graph does not know a code without a
   * status. Requires the permission `DeviceManagementRBAC.Read.All`, and yields to interactive calls.
   */
  approvalStatuses(codes: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, ApprovalStatus>>;
}
