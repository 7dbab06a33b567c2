import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { failureOf, leavesUnknown } from '../failure.js';
import { type Change, type Mark, useMarks } from '../overlay/local-overlay.js';
import type { Script, UserState } from '../queries.js';
import { trpc } from '../trpc.js';
import { checkDraft, type Patch, textsOf } from './draft.js';

/** Changes one user state. The list shows the new values at once, and the old ones again when they are refused. */
export function useUpdate(script: Script, state: UserState) {
  const target = { ...script, userStateId: state.id };
  const marks = useMarks();
  const mark = marks.of(target);
  // What Graph was last seen to have.
  const [known, setKnown] = useState(state);
  // Nothing else marks a state while its dialog is open.
  const put = (next: Omit<Mark, 'at'>, at = Date.now()) => marks.set([[target, { ...next, at }]]);

  const update = useMutation({
    mutationFn: (change: Change) => trpc.scriptUserState.update.mutate({ ...target, ...change }),
    onMutate: ({ patch }) =>
      put({ ...mark, shown: { ...known, ...given(patch) }, note: 'saving' }, Number.POSITIVE_INFINITY),
    onSuccess: (changed) => put({ shown: changed }),
    onError(error, change) {
      const { reason, approvalCode: code } = failureOf(error, true);
      const waiting = code === undefined ? mark?.waiting : { ...change, approval: { ...change.approval, code } };
      put({ shown: known, ...(waiting && { waiting }), ...(leavesUnknown(reason) && { note: 'unknown' }) });
    },
  });

  /** Asks what is there now, and whether the change is. */
  const look = useMutation({
    mutationFn: async ({ patch }: Change) => {
      const found = await trpc.scriptUserState.get.query(target);
      // Whatever of the change is not there would be left to be sent.
      return { found, made: checkDraft(textsOf(patch), found).patch === undefined };
    },
    onSuccess({ found, made }) {
      setKnown(found);
      put({ shown: found, ...(!made && mark?.waiting && { waiting: mark.waiting }) });
    },
  });

  const forget = () => put({ shown: known });
  return { known, update, look, waiting: mark?.waiting, forget };
}

/** The fields of a patch that are there. */
const given = (patch: Patch): { [Field in keyof Patch]?: NonNullable<Patch[Field]> } =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
