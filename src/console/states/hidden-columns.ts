import { useMemo } from 'react';
import { usePreference } from '../preference.js';

/** The columns that are hidden until the user chooses others. */
const hiddenByDefault = 'userStateId';

/** The columns that the user has hidden, in this browser, and a function that changes them. */
export function useHiddenColumns(): readonly [ReadonlySet<string>, (hidden: ReadonlySet<string>) => void] {
  const [stored, store] = usePreference('hidden-columns');
  const hidden = useMemo(() => new Set((stored ?? hiddenByDefault).split(' ')), [stored]);
  return [hidden, (next) => store([...next].join(' '))];
}
