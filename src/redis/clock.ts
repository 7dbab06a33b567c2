import type { Redis } from './connection.js';

/*
 * Times in Redis are those of its own clock: the clocks of replicas may differ, and one that is an hour ahead would end
 * sessions, and refresh tokens, for all of them.
 */

/** Converts a time of this replica's clock, epoch ms, to the clock of Redis. */
export const toRedisTime = ({ clockOffsetMs }: Pick<Redis, 'clockOffsetMs'>, time: number): number =>
  time + clockOffsetMs;

/** Converts a time of Redis' clock, epoch ms, to the clock of this replica. */
export const toLocalTime = ({ clockOffsetMs }: Pick<Redis, 'clockOffsetMs'>, time: number): number =>
  time - clockOffsetMs;
