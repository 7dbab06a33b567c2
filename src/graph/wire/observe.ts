import type { Priority } from '../../scheduling/priority.js';
import type { RateLimiter } from '../../scheduling/rate-limiter.js';
import type { GraphResponse, Transport } from './transport.js';

/** Which of Graph's limits a request counts in. */
export type QuotaName = 'reads' | 'writes';

/** Hears what goes on between this service and Graph. No ids, no names: nothing of what is in a request. */
export interface GraphObserver {
  /** One exchange over HTTP is over. `status` is `none` when no whole answer came; `items` are the requests in it. */
  readonly roundTrip: (method: string, status: string, items: number, seconds: number) => void;
  /** One request has been answered, alone or in a batch. */
  readonly answer: (method: string, status: string) => void;
  /** One call has got its slot, or has been told that there is none. */
  readonly waited: (quota: QuotaName, lane: Priority, seconds: number) => void;
}

type Sender = Pick<Transport, 'send'>;

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1_000;

/** Tells of every exchange. */
export function observeRoundTrips(transport: Transport, { roundTrip }: GraphObserver): Transport {
  return {
    close: () => transport.close(),
    async send(request, token, limit) {
      const startedAt = performance.now();
      const { method, items } = request;
      const name = items === undefined ? method : 'BATCH';
      let answer: GraphResponse | undefined;
      try {
        answer = await transport.send(request, token, limit);
        return answer;
      } finally {
        roundTrip(name, String(answer?.status ?? 'none'), items ?? 1, secondsSince(startedAt));
      }
    },
  };
}

/** Tells of every request's own answer. */
export function observeAnswers(transport: Sender, { answer: tell }: GraphObserver): Sender {
  return {
    async send(request, token, limit) {
      let status = 'none';
      try {
        const answer = await transport.send(request, token, limit);
        status = String(answer.status);
        return answer;
      } finally {
        tell(request.method, status);
      }
    },
  };
}

/** Tells how long calls wait for their slots. */
export function observeWaits(name: QuotaName, quota: RateLimiter, { waited }: GraphObserver): RateLimiter {
  return {
    ...quota,
    async take(turn, deadline, again) {
      const startedAt = performance.now();
      try {
        return await quota.take(turn, deadline, again);
      } finally {
        waited(name, turn.lane, secondsSince(startedAt));
      }
    },
  };
}
