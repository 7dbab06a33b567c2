import type { Settings } from '../settings.js';
import { type Answer, tooManyRequests } from './answers.js';
import type { GraphRequest } from './request.js';

/** Graph's quota for this entity, in sliding windows of 20 s. */
export interface Quota {
  /** Counts the request; gives the refusal of one that is too much. Refused requests count too. */
  refusal(request: GraphRequest): Answer | undefined;
}

const windowMs = 20_000;

/** Starts counting. `now` gives milliseconds on a clock that never goes back. */
export function createQuota(settings: Settings, now: () => number = () => performance.now()): Quota {
  const writes = createWindow();
  const requests = createWindow();

  return {
    refusal(request) {
      const time = now();
      const waitMs = Math.max(
        request.method === 'GET' ? 0 : writes.add(time, settings.writesPer20s),
        requests.add(time, settings.requestsPer20s),
      );
      if (waitMs <= 0) return undefined;
      return tooManyRequests(request, { headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } });
    },
  };
}

interface Window {
  /** Counts an arrival; gives the milliseconds until one more fits under the limit, 0 when this one did. */
  add(time: number, limit: number): number;
}

function createWindow(): Window {
  const times: number[] = [];
  // Where the window begins; what lies before goes when it is the larger part, so that an arrival costs little.
  let start = 0;
  return {
    add(time, limit) {
      times.push(time);
      while ((times[start] ?? time) <= time - windowMs) start += 1;
      if (start > times.length / 2) {
        times.splice(0, start);
        start = 0;
      }
      return times.length - start <= limit ? 0 : (times.at(-limit) ?? time) + windowMs - time;
    },
  };
}
