import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import type { RouterInputs, RouterOutputs } from '../client/index.js';
import { idKey } from './ids.js';
import type { ScriptUserState, StateRef } from './queries.js';

/** The values that an update sets. */
export type Change = Pick<RouterInputs['scriptUserState']['update'], 'patch'>;

/** A row of a job that waits for approval by a second administrator. */
export interface WaitingRow extends StateRef {
  readonly jobId: string;
  readonly patch: RouterOutputs['updateJob']['results']['items'][number]['patch'];
  readonly approvalCode?: string | undefined;
}

/** Data about a user state, in addition to the fetched state. */
export interface LocalChange {
  /** The values to show instead of any fetched before `updatedAt`. */
  readonly values?: ScriptUserState;
  /** Milliseconds since 1970. Values requested later are newer than this entry. */
  readonly updatedAt: number;
  /** Set while an update is in progress, and after one whose outcome is unknown. */
  readonly status?: 'saving' | 'unknown';
  /** The change that waits for approval. Neither a newer state nor another change of this page removes it. */
  readonly awaitingApproval?: WaitingRow;
}

/** Changes of states that take precedence over the fetched ones. */
export interface LocalChanges {
  readonly get: (state: StateRef) => LocalChange | undefined;
  /** Sets several entries. */
  readonly set: (entries: readonly (readonly [StateRef, Omit<LocalChange, 'awaitingApproval'>])[]) => void;
  /** Sets the changes that wait for approval. */
  readonly setWaiting: (rows: readonly WaitingRow[]) => void;
}

const keyOf = ({ scriptKind, scriptId, userStateId }: StateRef) => idKey(`${scriptKind} ${scriptId} ${userStateId}`);

const ignore = () => undefined;
const Context = createContext<LocalChanges>({ get: ignore, set: ignore, setWaiting: ignore });

/**
 * Keeps the local changes for the lifetime of the page. Entries are stored outside the query cache, so a page of a list
 * that is still loading can neither undo a change nor restore a rejected one.
 */
export function LocalChangesProvider({ children }: { readonly children: ReactNode }) {
  const [entries, setEntries] = useState<ReadonlyMap<string, LocalChange>>(new Map());
  const [waiting, setWaitingRows] = useState<ReadonlyMap<string, WaitingRow>>(new Map());
  const set = useCallback<LocalChanges['set']>((changed) => {
    if (changed.length === 0) return;
    setEntries((before) => new Map([...before, ...changed.map(([state, entry]) => [keyOf(state), entry] as const)]));
  }, []);
  const setWaiting = useCallback<LocalChanges['setWaiting']>((rows) => {
    setWaitingRows((before) =>
      before.size === 0 && rows.length === 0 ? before : new Map(rows.map((row) => [keyOf(row), row])),
    );
  }, []);
  const value = useMemo(() => {
    const get = (state: StateRef) => {
      const key = keyOf(state);
      const awaitingApproval = waiting.get(key);
      const entry = entries.get(key);
      return awaitingApproval === undefined ? entry : { updatedAt: 0, ...entry, awaitingApproval };
    };
    return { get, set, setWaiting };
  }, [entries, waiting, set, setWaiting]);
  return <Context value={value}>{children}</Context>;
}

/** The local changes of this page. */
export const useLocalChanges = (): LocalChanges => useContext(Context);
