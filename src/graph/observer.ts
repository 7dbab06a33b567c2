import type { PriorityLevel } from '../scheduling/priority.js';
import type { RateLimiter } from '../scheduling/rate-limiter.js';
import type { QuotaName } from './graph.js';
import type { GraphResponse, Sender, Transport } from './wire/transport.js';

/** Observes the traffic between this service and Graph. It receives no ids, names or contents of requests. */
export interface GraphObserver {
  /** An HTTP exchange has ended. `status` is `none` without a complete response; `items` counts the requests in it. */
  readonly roundTrip: (method: string, status: string, items: number, seconds: number) => void;
  /** A request got its response, alone or in a batch. */
  readonly response: (method: string, status: string) => void;
  /** A request got a slot of the quota, or was rejected. */
  readonly waited: (quota: QuotaName, level: PriorityLevel, seconds: number) => void;
}

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1_000;

/** Reports every HTTP exchange. */
export function observeRoundTrips(transport: Transport, { roundTrip }: GraphObserver): Transport {
  return {
    close: () => transport.close(),
    async send(request, options) {
      const startedAt = performance.now();
      const { method, items } = request;
      let response: GraphResponse | undefined;
      try {
        response = await transport.send(request, options);
        return response;
      } finally {
        const name = items === undefined ? method : 'BATCH';
        roundTrip(name, String(response?.status ?? 'none'), items ?? 1, secondsSince(startedAt));
      }
    },
  };
}

/** Reports every request's own response. */
export function observeResponses(sender: Sender, { response: report }: GraphObserver): Sender {
  return {
    async send(request, options) {
      let status = 'none';
      try {
        const response = await sender.send(request, options);
        status = String(response.status);
        return response;
      } finally {
        report(request.method, status);
      }
    },
  };
}

/** Reports how long requests wait for their slots. */
export function observeWaits(quota: QuotaName, rateLimiter: RateLimiter, { waited }: GraphObserver): RateLimiter {
  return {
    ...rateLimiter,
    async acquire(priority, deadline, isRetry) {
      const startedAt = performance.now();
      try {
        return await rateLimiter.acquire(priority, deadline, isRetry);
      } finally {
        waited(quota, priority.level, secondsSince(startedAt));
      }
    },
  };
}
