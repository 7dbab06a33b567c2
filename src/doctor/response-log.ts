import type { GraphObserver } from '../graph/observer.js';
import { noMetrics } from '../telemetry/metrics.js';

/** A response to one request. */
interface LoggedResponse {
  readonly method: string;
  readonly status: string;
}

/**
 * The responses to the requests of a call. They show what its result does not: which query options Graph rejected
 * before a list succeeded, and whether a write was confirmed by its own response.
 */
export interface ResponseLog {
  readonly observer: GraphObserver;
  /** Returns the responses since the last call, in order. */
  take(): readonly LoggedResponse[];
}

/** Records the status of each response. */
export function createResponseLog(): ResponseLog {
  let responses: LoggedResponse[] = [];
  return {
    observer: { ...noMetrics.graph, response: (method, status) => void responses.push({ method, status }) },
    take() {
      const taken = responses;
      responses = [];
      return taken;
    },
  };
}
