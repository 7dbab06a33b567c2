import { CallError } from '../errors.js';
import type { Deadline } from '../scheduling/deadline.js';
import type { ContentionListener } from '../scheduling/keyed-queue.js';
import type { SharedQueue, Ticket } from '../scheduling/shared-queue.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { createQueueHeads, queueKey } from './queue-heads.js';

/** How often to poll for the head of a queue when no message arrives. */
const pollEveryMs = 500;

/** Replicas publish `released KEY`, and `PRIORITY TICKET` when a request of that priority waits behind a ticket. */
const channel = redisKey('order', 'messages');

/** The maximum number of tickets in one release: the script blocks all other commands. */
const maxReleases = 500;

/**
 * Removes tickets and notifies the replicas whose tickets follow.
 *
 * KEYS: the queue (list) of each ticket
 * ARGV: channel, then the tickets
 */
const releaseScript = `
  for n, queue in ipairs(KEYS) do
    local ticket = ARGV[n + 1]
    redis.call('LREM', queue, 1, ticket)
    if redis.call('EXISTS', queue) == 1 then
      redis.call('PUBLISH', ARGV[1], 'released ' .. string.match(ticket, '^%S+ %S+ (.*)$'))
    end
  end`;

/**
 * Creates the queue that replicas share: a list of tickets per key in Redis, whose head may write. A ticket is
 * `REPLICA NUMBER KEY`. Replicas with later tickets remove the tickets of a dead replica.
 *
 * @param replicaId unique among the replicas
 * @param onContended called when a request of another replica waits behind a ticket of this one
 */
export function createRedisSharedQueue(redis: Redis, replicaId: string, onContended: ContentionListener): SharedQueue {
  /** This replica's tickets by key, each with the function that wakes its waiter. */
  const localTickets = new Map<string, Map<string, (() => void) | undefined>>();
  let ticketCount = 0;
  const heads = createQueueHeads(redis, replicaId);

  /** Tickets that are released together are sent in one command: a cancelled bulk update has thousands. */
  let released: { readonly key: string; readonly ticket: string }[] = [];

  function release(key: string, ticket: string): void {
    // A ticket that was never sent needs no command.
    if (heads.cancel(ticket)) return;
    if (released.length === 0) queueMicrotask(sendReleased);
    released.push({ key, ticket });
  }

  function sendReleased(): void {
    const all = released;
    released = [];
    for (let from = 0; from < all.length; from += maxReleases) {
      const batch = all.slice(from, from + maxReleases);
      const keys = batch.map(({ key }) => queueKey(key));
      const options = { keys, arguments: [channel, ...batch.map(({ ticket }) => ticket)] };
      // If the command is lost, a later waiter publishes the ticket as the head of the queue, and it is released again.
      redis.run((commands) => commands.eval(releaseScript, options)).catch(() => undefined);
    }
  }

  redis.subscribe(channel, (message) => {
    const [what, first = '', number, key = ''] = message.split(' ');
    if (what === 'released') {
      for (const wake of localTickets.get(first)?.values() ?? []) wake?.();
    } else if (first === replicaId) {
      const ticket = `${first} ${number} ${key}`;
      if (localTickets.get(key)?.has(ticket)) onContended(key, what === 'bulk' ? 'bulk' : 'interactive');
      else release(key, ticket);
    }
  });

  return {
    enqueue(key): Ticket {
      const ticket = `${replicaId} ${ticketCount++} ${key}`;
      const own = localTickets.get(key) ?? new Map<string, (() => void) | undefined>();
      localTickets.set(key, own.set(ticket, undefined));

      function waitForWake(deadline: Deadline): Promise<void> {
        return new Promise((resolve) => {
          const wake = () => {
            clearTimeout(timer);
            removeListener();
            own.set(ticket, undefined);
            resolve();
          };
          const timer = setTimeout(wake, pollEveryMs);
          const removeListener = deadline.onDone(wake);
          own.set(ticket, wake);
        });
      }

      // The call takes the position now, so the ticket is sent before any caller waits for it.
      let polling: Promise<string | CallError> | undefined = heads.poll(key, ticket);
      const polledAt = performance.now();
      return {
        async wait(priority, deadline) {
          for (;;) {
            const isOld = polling !== undefined && performance.now() - polledAt > pollEveryMs;
            const head = await (polling ?? heads.poll(key, ticket));
            polling = undefined;
            // A row of a bulk update starts long after it has taken its position: the head may have changed.
            if (isOld && typeof head === 'string' && !own.has(head)) continue;
            if (head instanceof CallError) {
              if (deadline.isDone || head.details.retryAfterMs === undefined) throw head;
            } else {
              // Tickets of this replica are ordered in memory, so this one can proceed when any of them is at the head.
              if (own.has(head) || deadline.isDone) return;
              await redis
                .run((commands) => commands.publish(channel, `${priority.level} ${head}`))
                .catch(() => undefined);
            }
            if (!deadline.isDone) await waitForWake(deadline);
          }
        },
        release() {
          own.delete(ticket);
          if (own.size === 0) localTickets.delete(key);
          release(key, ticket);
        },
      };
    },
  };
}
