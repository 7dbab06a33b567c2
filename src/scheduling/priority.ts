/** Identifies a user or a bulk update. Users have equal shares; the bulk updates of one user are served in turn. */
export type FairnessKey = string | symbol;

/**
 * `interactive`: a caller waits for the response. `bulk`: a part of a bulk update, which yields to interactive
 * requests.
 */
export type PriorityLevel = 'interactive' | 'bulk';

/** Both of them. Interactive requests come first. */
export const priorityLevels = ['interactive', 'bulk'] as const satisfies readonly PriorityLevel[];

/** One value for each priority. */
export type PerPriority<T> = Readonly<Record<PriorityLevel, T>>;

/** How one request competes with others. */
export interface RequestPriority {
  readonly fairnessKey: FairnessKey;
  /** Whose share of the slots it takes, at every replica. */
  readonly user: string;
  /** Raised from `bulk` to `interactive` by `RateLimiter.boost`, when an interactive request waits behind this one. */
  level: PriorityLevel;
}
