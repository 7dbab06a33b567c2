import type { Deadline } from '../../scheduling/deadline.js';
import type { RequestPriority } from '../../scheduling/priority.js';
import type { Caller } from '../graph.js';

/** What differs from call to call. It is passed along the whole pipeline, which is built once. */
export interface CallContext {
  readonly caller: Caller;
  readonly priority: RequestPriority;
  readonly deadline: Deadline;
}
