import type { Deadline } from '../../scheduling/deadline.js';
import type { RequestPriority } from '../../scheduling/priority.js';
import type { Caller, WriteHooks } from '../graph.js';

/** The arguments that differ from call to call. The pipeline is created once, and each of its stages receives them. */
export interface CallContext {
  readonly caller: Caller;
  readonly priority: RequestPriority;
  readonly deadline: Deadline;
  readonly hooks?: WriteHooks | undefined;
}
