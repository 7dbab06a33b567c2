import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import type { RouterInputs } from '../client/index.js';
import { idKey } from './ids.js';
import type { ScriptUserState, StateRef } from './queries.js';

/** An update as it is sent, without the reference to its state. */
export type Change = Pick<RouterInputs['scriptUserState']['update'], 'patch' | 'approval'>;

/** A change that awaits approval. Only the same values can complete it, with the code instead of a justification. */
export interface FiledChange extends Pick<Change, 'patch'> {
  readonly approval: { readonly code: string };
}

/** A filed change and its state. */
export type FiledRow = StateRef & FiledChange;

/** Local data about a user state, in addition to the fetched state. */
export interface LocalChange {
  /** The values to show instead of any fetched before `updatedAt`. */
  readonly values?: ScriptUserState;
  /** Milliseconds since 1970. Values requested later are newer than this entry. */
  readonly updatedAt: number;
  /** Set while an update is in progress, and after one whose outcome is unknown. */
  readonly status?: 'saving' | 'unknown';
  /**
   * The change that awaits approval by a second administrator, with its code. Refetching the list does not clear it.
   */
  readonly awaitingApproval?: FiledChange;
}

/** Values changed on this page, which take precedence over fetched ones. */
export interface LocalChanges {
  readonly get: (state: StateRef) => LocalChange | undefined;
  /** Sets several entries; `undefined` removes one. */
  readonly set: (entries: readonly (readonly [StateRef, LocalChange | undefined])[]) => void;
}

const keyOf = ({ scriptKind, scriptId, userStateId }: StateRef) => idKey(`${scriptKind} ${scriptId} ${userStateId}`);

const Context = createContext<LocalChanges>({ get: () => undefined, set: () => undefined });

/**
 * Keeps the local changes for the lifetime of the page. Entries are stored outside the query cache, so a page of a list
 * that is still loading can neither undo a change nor restore a rejected one.
 */
export function LocalChangesProvider({ children }: { readonly children: ReactNode }) {
  const [entries, setEntries] = useState<ReadonlyMap<string, LocalChange>>(new Map());
  const set = useCallback<LocalChanges['set']>((changed) => {
    setEntries((before) => {
      const next = new Map(before);
      for (const [state, entry] of changed) {
        if (entry === undefined) next.delete(keyOf(state));
        else next.set(keyOf(state), entry);
      }
      return next;
    });
  }, []);
  const value = useMemo(() => ({ get: (state: StateRef) => entries.get(keyOf(state)), set }), [entries, set]);
  return <Context value={value}>{children}</Context>;
}

/** The local changes of this page. */
export const useLocalChanges = (): LocalChanges => useContext(Context);
