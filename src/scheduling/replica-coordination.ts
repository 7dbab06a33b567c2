import type { OpenSharedQueue } from './shared-queue.js';
import type { SlotPool, SlotPoolOptions } from './slot-pool.js';

/** The state that the replicas of a service share, so that they have one order of writes and one quota. */
export interface ReplicaCoordination {
  slotPool(options: SlotPoolOptions): SlotPool;
  readonly openSharedQueue: OpenSharedQueue;
}
