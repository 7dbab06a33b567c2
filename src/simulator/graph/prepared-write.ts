import type { SimulatedResponse } from './response.js';

/** A valid write that is not applied yet. */
export interface PreparedWrite {
  /** The response of a Graph that ignores the write: the old values. */
  readonly unapplied: SimulatedResponse;
  /** Applies the write and returns its response. */
  apply(): SimulatedResponse | Promise<SimulatedResponse>;
}

/** The response to a read or to an invalid request, or a write to apply. */
export type RouteResult = SimulatedResponse | PreparedWrite;
