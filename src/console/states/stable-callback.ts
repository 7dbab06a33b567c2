import { useCallback, useInsertionEffect, useRef } from 'react';

/** A function that stays the same and calls the callback of the latest render, for a component that is memoized. */
export function useStableCallback<Args extends readonly unknown[]>(
  callback: (...args: Args) => void,
): (...args: Args) => void {
  const latest = useRef(callback);
  useInsertionEffect(() => {
    latest.current = callback;
  });
  return useCallback((...args: Args) => latest.current(...args), []);
}
