import type { GraphIds } from '../errors.js';
import type { DeviceRunState, ScriptSummary, ScriptUserState } from './entities.js';
import type { ScriptKind, ScriptRef, StateRef } from './routes.js';

/** New values; what is left out stays as it is. */
export interface UserStatePatch {
  readonly successDeviceCount?: number | undefined;
  readonly errorDeviceCount?: number | undefined;
  readonly userPrincipalName?: string | undefined;
}

/** A state to be made. Graph gives it an id when it has none. */
export interface NewUserState extends Required<UserStatePatch> {
  readonly id?: string | undefined;
}

/** What multi admin approval asks for: the reason for a change, and the code once somebody has approved it. */
export interface Approval {
  readonly justification?: string | undefined;
  readonly code?: string | undefined;
}

/** One page of a listing. Without `nextCursor` it is the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** A write that is done, with the ids that Graph knows it by. */
export interface WriteResult<T> {
  readonly value: T;
  readonly graph: GraphIds;
}

/** What belongs to one call, whatever it does. */
export interface Call {
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal | undefined;
}

/** One update of several. */
export interface Update extends StateRef {
  readonly patch: UserStatePatch;
}

/** An update that has its place among the writes on its state already. */
export interface QueuedUpdate extends Update {
  /**
   * Does it, once, when its turn comes. Its time runs from then on.
   *
   * @throws {CallError} as `update` does; `OVERLOADED` when the service stops before its turn has come
   */
  run(): Promise<WriteResult<ScriptUserState>>;
}

/** Several updates that go out as Graph's quota allows, and give way to single calls. */
export interface BulkUpdate {
  readonly updates: readonly QueuedUpdate[];
  /** Gives up those that have not been begun. */
  end(): void;
}

/** Microsoft Graph, as far as this service uses it. Every method throws {@link CallError}. */
export interface Graph {
  readonly userStates: {
    list(script: ScriptRef, cursor: string | undefined, call: Call): Promise<Page<ScriptUserState>>;
    get(target: StateRef, call: Call): Promise<ScriptUserState>;
    update(
      target: StateRef,
      patch: UserStatePatch,
      call: Call & { readonly approval?: Approval | undefined },
    ): Promise<WriteResult<ScriptUserState>>;
    /**
     * Takes the places of several updates.
     *
     * @param wanted called with the index of one that another call waits behind, and that should be run at once
     * @throws {CallError} `OVERLOADED`
     */
    updateMany(
      updates: readonly Update[],
      call: Call & { readonly approval?: Approval | undefined },
      wanted: (index: number) => void,
    ): BulkUpdate;
    create(script: ScriptRef, state: NewUserState, call: Call): Promise<WriteResult<ScriptUserState>>;
    delete(target: StateRef, call: Call): Promise<WriteResult<{ readonly id: string }>>;
  };
  readonly scripts: {
    list(scriptKind: ScriptKind, cursor: string | undefined, call: Call): Promise<Page<ScriptSummary>>;
  };
  readonly deviceRunStates: {
    list(target: StateRef, cursor: string | undefined, call: Call): Promise<Page<DeviceRunState>>;
  };
}
