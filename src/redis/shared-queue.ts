import { z } from 'zod';
import { CallError } from '../errors.js';
import type { Deadline } from '../scheduling/deadline.js';
import type { ContentionListener } from '../scheduling/keyed-queue.js';
import type { SharedQueue, Ticket } from '../scheduling/shared-queue.js';
import { type Redis, redisKey, storeUnavailable } from './connection.js';
import { heartbeatKey, heartbeatTimeoutMs } from './heartbeat.js';

/** How often to poll for the head of a queue when no message arrives. */
const pollEveryMs = 500;

/** A queue expires when no ticket has been added for this long. */
const queueLifetimeMs = 24 * 3_600_000;

/** Replicas publish `released KEY`, and `PRIORITY TICKET` when a request of that priority waits behind a ticket. */
const channel = redisKey('order', 'messages');

/** The maximum number of tickets in one poll: the script blocks all other commands. */
const maxPolls = 500;

/**
 * Renews this replica's heartbeat. Appends each ticket to its queue, unless it is there (a restarted Redis may have lost
 * it), and removes tickets of dead replicas from the head.
 *
 * KEYS: one queue (list) for each ticket
 * ARGV: queue lifetime in ms, heartbeat key prefix, replica id, heartbeat timeout in ms, then the tickets
 * Returns the ticket at the head of each queue.
 */
const pollHeadsScript = `
  redis.call('SET', ARGV[2] .. ARGV[3], 1, 'PX', ARGV[4])
  local heads = {}
  for n, queue in ipairs(KEYS) do
    local ticket = ARGV[n + 4]
    if redis.call('TYPE', queue).ok ~= 'list' then redis.call('DEL', queue) end
    if not redis.call('LPOS', queue, ticket) then
      redis.call('RPUSH', queue, ticket)
      redis.call('PEXPIRE', queue, ARGV[1])
    end
    local head = redis.call('LINDEX', queue, 0)
    while head ~= ticket and redis.call('EXISTS', ARGV[2] .. (string.match(head, '^[^ ]+') or '')) == 0 do
      redis.call('LPOP', queue)
      head = redis.call('LINDEX', queue, 0)
    end
    heads[n] = head
  end
  return heads`;

/**
 * Removes a ticket and notifies the replicas whose tickets follow.
 *
 * KEYS: the queue (list)
 * ARGV: ticket, channel, message
 */
const releaseScript = `
  redis.call('LREM', KEYS[1], 1, ARGV[1])
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end`;

interface Poll {
  readonly key: string;
  readonly ticket: string;
  readonly resolve: (head: string | CallError) => void;
}

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

  /** Polls that are ready in the same iteration of the event loop are sent in one command. */
  let polls: Poll[] = [];

  function poll(key: string, ticket: string): Promise<string | CallError> {
    return new Promise((resolve) => {
      if (polls.length === 0) setImmediate(flush);
      polls.push({ key, ticket, resolve });
    });
  }

  function flush(): void {
    const all = polls;
    polls = [];
    for (let from = 0; from < all.length; from += maxPolls) void pollHeads(all.slice(from, from + maxPolls));
  }

  async function pollHeads(batch: readonly Poll[]): Promise<void> {
    const keys = batch.map(({ key }) => queueKey(key));
    const replica = [heartbeatKey(''), replicaId, String(heartbeatTimeoutMs)];
    const args = [String(queueLifetimeMs), ...replica, ...batch.map(({ ticket }) => ticket)];
    try {
      const reply = await redis.run<unknown>((commands) => commands.eval(pollHeadsScript, { keys, arguments: args }));
      const heads = z.array(z.string()).parse(reply);
      for (const [index, { resolve }] of batch.entries()) resolve(heads[index] ?? '');
    } catch (error) {
      for (const { resolve } of batch) resolve(error instanceof CallError ? error : storeUnavailable(error));
    }
  }

  function release(key: string, ticket: string): void {
    // A ticket that was never sent needs no command.
    const unsent = polls.findIndex((each) => each.ticket === ticket);
    if (unsent >= 0) {
      polls.splice(unsent, 1);
      return;
    }
    const options = { keys: [queueKey(key)], arguments: [ticket, channel, `released ${key}`] };
    // If the command is lost, a later waiter publishes the ticket as the head of the queue, and it is released again.
    redis.run((commands) => commands.eval(releaseScript, options)).catch(() => undefined);
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
      let polling: Promise<string | CallError> | undefined = poll(key, ticket);
      return {
        async wait(priority, deadline) {
          for (;;) {
            const head = await (polling ?? poll(key, ticket));
            polling = undefined;
            if (head instanceof CallError) {
              if (deadline.isDone) throw head;
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

const queueKey = (key: string) => redisKey('order', key);
