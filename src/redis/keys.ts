/** The part of the names that an ACL rule for keys and channels can contain: it is the same for every version. */
export const keyPrefix = 'script-state-bff:';

/**
 * The version of the form of all keys and values. Replicas of releases with different versions ignore each other's
 * data: during a roll-over each version has its own sessions, quota and queues.
 */
const version = 2;

/** The full name of a key or channel. The prefix separates it from those of other applications. */
export const redisKey = (kind: string, name: string): string => `${keyPrefix}${version}:${kind}:${name}`;
