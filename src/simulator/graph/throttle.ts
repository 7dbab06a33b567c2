import { tooManyRequests } from './error-responses.js';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

/** Graph's limits; a request over one of them gets a 429. */
export interface ThrottlingLimits {
  /** Writes within 20 s. */
  readonly writesPer20s: number;
  /** Requests of any kind within 20 s. */
  readonly requestsPer20s: number;
}

/** Throttles requests like Graph: over sliding windows of 20 s, in which rejected requests count too. */
export interface Throttle {
  /** Counts the request; returns the 429 if it is over a limit. */
  check(request: SimulatedRequest): SimulatedResponse | undefined;
}

const throttlingWindowMs = 20_000;

/** Creates a throttle; changes of `limits` apply immediately. `now` returns milliseconds of a monotonic clock. */
export function createThrottle(limits: ThrottlingLimits, now: () => number = () => performance.now()): Throttle {
  const writes = createRequestCounter();
  const requests = createRequestCounter();

  return {
    check(request) {
      const time = now();
      const waitMs = Math.max(
        request.method === 'GET' ? 0 : writes.add(time, limits.writesPer20s),
        requests.add(time, limits.requestsPer20s),
      );
      if (waitMs <= 0) return undefined;
      return tooManyRequests(request, { headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } });
    },
  };
}

interface RequestCounter {
  /** Counts a request; returns the milliseconds until the next one is within the limit, 0 if this one is. */
  add(time: number, limit: number): number;
}

function createRequestCounter(): RequestCounter {
  const times: number[] = [];
  // The index at which the window starts. Older entries are removed once they are the larger part: O(1) per request.
  let start = 0;
  return {
    add(time, limit) {
      times.push(time);
      while ((times[start] ?? time) <= time - throttlingWindowMs) start += 1;
      if (start > times.length / 2) {
        times.splice(0, start);
        start = 0;
      }
      return times.length - start <= limit ? 0 : (times.at(-limit) ?? time) + throttlingWindowMs - time;
    },
  };
}
