import { z } from 'zod';
import { CallError } from '../errors.js';
import type { Redis } from './connection.js';
import { heartbeatKey, heartbeatTimeoutMs } from './heartbeat.js';
import { redisKey } from './keys.js';
import { storeUnavailable } from './redis-error.js';

/** A queue expires when no ticket has been added for this long. */
const queueLifetimeMs = 24 * 3_600_000;

/** The maximum number of tickets in one poll: the script blocks all other commands. */
const maxPolls = 500;

/**
 * Renews this replica's heartbeat. Appends each ticket to its queue, unless it is there (a restarted Redis may have
 * lost it), and removes tickets of dead replicas from the head.
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
    local position = redis.pcall('LPOS', queue, ticket)
    if type(position) == 'table' then
      if not string.find(position.err, 'WRONGTYPE') then return position end
      redis.call('DEL', queue)
      position = nil
    end
    if not position then
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

interface Poll {
  readonly key: string;
  readonly ticket: string;
  readonly resolve: (head: string | CallError) => void;
}

/** Adds tickets to their queues, and reads the tickets at the heads. */
export interface QueueHeads {
  /** Resolves with the ticket at the head of the queue, or with the error if Redis could not be reached. */
  poll(key: string, ticket: string): Promise<string | CallError>;
  /** Cancels the poll of a ticket that has not been sent yet. @returns whether there was one */
  cancel(ticket: string): boolean;
}

/** Creates the polls of one replica. */
export function createQueueHeads(redis: Redis, replicaId: string): QueueHeads {
  /** Polls that are ready in the same iteration of the event loop are sent in one command. */
  let polls: Poll[] = [];

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

  return {
    poll(key, ticket) {
      return new Promise((resolve) => {
        if (polls.length === 0) setImmediate(flush);
        polls.push({ key, ticket, resolve });
      });
    },
    cancel(ticket) {
      const unsent = polls.findIndex((each) => each.ticket === ticket);
      if (unsent >= 0) polls.splice(unsent, 1);
      return unsent >= 0;
    },
  };
}

/** The key of a queue, a list. */
export const queueKey = (key: string): string => redisKey('order', key);
