import { type Answer, tooManyRequests } from './answers.js';
import type { GraphRequest } from './request.js';
import type { Settings } from './settings.js';

/** Graph's quota for this entity, in sliding windows of 20 s. */
export interface Quota {
  /** Counts the request; gives the refusal of one that is too much. Refused requests count too. */
  refusal(request: GraphRequest): Answer | undefined;
}

const windowMs = 20_000;

/** Starts counting. `now` gives milliseconds on a clock that never goes back. */
export function createQuota(settings: Settings, now: () => number = () => performance.now()): Quota {
  let writes: readonly number[] = [];
  let requests: readonly number[] = [];

  return {
    refusal(request) {
      const time = now();
      const recent = (times: readonly number[]) => times.filter((each) => each > time - windowMs);
      writes = request.method === 'GET' ? recent(writes) : [...recent(writes), time];
      requests = [...recent(requests), time];
      const waitMs = Math.max(
        request.method === 'GET' ? 0 : untilFree(writes, settings.writesPer20s, time),
        untilFree(requests, settings.requestsPer20s, time),
      );
      if (waitMs <= 0) return undefined;
      return tooManyRequests(request, { headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } });
    },
  };
}

/** Milliseconds until one more fits under the limit; 0 when the newest of `times` did. */
function untilFree(times: readonly number[], limit: number, time: number): number {
  if (times.length <= limit) return 0;
  return (times.at(-limit) ?? time) + windowMs - time;
}
