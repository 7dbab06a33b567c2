/** Identifies the client of a request. Requests of different keys are served in turn. */
export type FairnessKey = string | symbol;

/**
 * `interactive`: a caller waits for the response. `bulk`: a part of a bulk update, which yields to interactive
 * requests.
 */
export type PriorityLevel = 'interactive' | 'bulk';

/** One value for each priority. */
export type PerPriority<T> = Readonly<Record<PriorityLevel, T>>;

/** How one request competes with others. */
export interface RequestPriority {
  readonly fairnessKey: FairnessKey;
  /** Raised from `bulk` to `interactive` by `RateLimiter.boost`, when an interactive request waits behind this one. */
  level: PriorityLevel;
}
