import { useEffect, useRef, useState } from 'react';

/**
 * A value that changes at most once in an interval.
 *
 * @param isFinal whether to return the value at once
 */
export function useThrottled<T>(value: T, intervalMs: number, isFinal: boolean): T {
  const [throttled, setThrottled] = useState(value);
  const changedAt = useRef(0);
  useEffect(() => {
    const untilNextMs = isFinal ? 0 : changedAt.current + intervalMs - Date.now();
    const timer = setTimeout(
      () => {
        changedAt.current = Date.now();
        setThrottled(value);
      },
      Math.max(untilNextMs, 0),
    );
    return () => clearTimeout(timer);
  }, [value, intervalMs, isFinal]);
  return throttled;
}
