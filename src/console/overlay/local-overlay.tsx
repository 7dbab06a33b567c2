import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import type { RouterInputs } from '../../contract.js';
import type { Target, UserState } from '../queries.js';

type Update = RouterInputs['scriptUserState']['update'];

/** A change that is sent. */
export type Change = Pick<Update, 'patch' | 'approval'>;

/** What this page knows of a user state beside what its list was told. */
export interface Mark {
  /** What is to be shown in the place of what was asked for before `at`. */
  readonly shown?: UserState;
  /** Milliseconds since 1970; what is asked for later is newer than the mark. */
  readonly at: number;
  /** A change of it is under way, or nobody knows how one ended. */
  readonly note?: 'saving' | 'unknown';
  /** The change that waits for a second administrator, with its code; it outlives whatever is fetched. */
  readonly waiting?: Change;
}

/** All of them, and how to set some; `undefined` takes one away. */
export interface Marks {
  readonly of: (target: Target) => Mark | undefined;
  readonly set: (marks: readonly (readonly [Target, Mark | undefined])[]) => void;
}

const keyOf = ({ scriptKind, scriptId, userStateId }: Target) => `${scriptKind} ${scriptId} ${userStateId}`;

const Context = createContext<Marks>({ of: () => undefined, set: () => undefined });

/**
 * Keeps the marks while the page lives. They lie over the lists and never in them: pages that are under way can't undo
 * a change, nor bring one back that was refused.
 */
export function MarksProvider({ children }: { readonly children: ReactNode }) {
  const [marks, setMarks] = useState<ReadonlyMap<string, Mark>>(new Map());
  const set = useCallback<Marks['set']>((changed) => {
    setMarks((before) => {
      const next = new Map(before);
      for (const [target, mark] of changed) {
        if (mark === undefined) next.delete(keyOf(target));
        else next.set(keyOf(target), mark);
      }
      return next;
    });
  }, []);
  const value = useMemo(() => ({ of: (target: Target) => marks.get(keyOf(target)), set }), [marks, set]);
  return <Context value={value}>{children}</Context>;
}

/** The marks of this page. */
export const useMarks = (): Marks => useContext(Context);
