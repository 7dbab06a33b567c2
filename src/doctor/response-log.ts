import type { GraphObserver } from '../graph/observer.js';
import { noMetrics } from '../telemetry/metrics.js';

/** The statuses of Graph's responses. They show which query options Graph refused before a list succeeded. */
export interface ResponseLog {
  readonly observer: GraphObserver;
  /** Returns the statuses since the last call. */
  take(): readonly string[];
}

/** Records the status of each response. */
export function createResponseLog(): ResponseLog {
  let statuses: string[] = [];
  return {
    observer: { ...noMetrics.graph, response: (_, status) => void statuses.push(status) },
    take() {
      const taken = statuses;
      statuses = [];
      return taken;
    },
  };
}
