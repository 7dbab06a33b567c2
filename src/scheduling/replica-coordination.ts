import type { OpenSharedQueue } from './shared-queue.js';
import type { SlotPool, SlotPoolOptions } from './slot-pool.js';

/** What the replicas of a service share so that their writes keep one order and one quota. */
export interface ReplicaCoordination {
  slotPool(options: SlotPoolOptions): SlotPool;
  readonly openSharedQueue: OpenSharedQueue;
}
