import { z } from 'zod';
import { CallError } from '../errors.js';
import type { Deadline } from '../scheduling/deadline.js';
import type { Priority } from '../scheduling/priority.js';
import type { SharedQueue, Ticket } from '../scheduling/shared-queue.js';
import { type Redis, redisKey, storeUnavailable } from './connection.js';
import { deadAfterMs, heartbeatKey } from './heartbeat.js';

/** Without word from the others, one looks so often whether it is one's turn. */
const lookEveryMs = 500;

/** A line that nobody has joined for so long is forgotten. */
const lifetimeMs = 24 * 3_600_000;

/** What replicas tell each other: `left KEY`, and the lane of somebody who waits for the ticket that follows. */
const channel = redisKey('order', 'messages');

/** So many tickets are looked after in one command: it holds up all others. */
const maxLooks = 500;

/**
 * Lets the others know that this replica lives. Joins each line, unless its ticket is there already (a Redis that was
 * restarted may have lost it), and takes out those at the head whose replica is dead. Returns the tickets at the heads.
 */
const lookScript = `
  redis.call('SET', ARGV[2] .. ARGV[3], 1, 'PX', ARGV[4])
  local heads = {}
  for n, line in ipairs(KEYS) do
    local ticket = ARGV[n + 4]
    if redis.call('TYPE', line).ok ~= 'list' then redis.call('DEL', line) end
    if not redis.call('LPOS', line, ticket) then
      redis.call('RPUSH', line, ticket)
      redis.call('PEXPIRE', line, ARGV[1])
    end
    local head = redis.call('LINDEX', line, 0)
    while head ~= ticket and redis.call('EXISTS', ARGV[2] .. (string.match(head, '^[^ ]+') or '')) == 0 do
      redis.call('LPOP', line)
      head = redis.call('LINDEX', line, 0)
    end
    heads[n] = head
  end
  return heads`;

const leaveScript = `
  redis.call('LREM', KEYS[1], 1, ARGV[1])
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end`;

/**
 * Lines as lists in Redis, of which the first ticket writes. A replica that dies leaves its tickets behind, and loses
 * them to whoever waits behind them.
 *
 * @param replica the id of this one; no other has it
 */
export function createRedisSharedQueue(
  redis: Redis,
  replica: string,
  wanted: (key: string, lane: Priority) => void,
): SharedQueue {
  /** The tickets of this replica by their keys, each with what wakes whoever waits for its turn. */
  const held = new Map<string, Map<string, (() => void) | undefined>>();
  let count = 0;

  /** Those who want to know the heads of their lines. What is wanted in one turn of the event loop is asked together. */
  let looks: Look[] = [];

  function look(key: string, ticket: string): Promise<string | CallError> {
    return new Promise((resolve) => {
      if (looks.length === 0) setImmediate(flush);
      looks.push({ key, ticket, resolve });
    });
  }

  function flush(): void {
    const all = looks;
    looks = [];
    for (let from = 0; from < all.length; from += maxLooks) void ask(all.slice(from, from + maxLooks));
  }

  async function ask(asked: readonly Look[]): Promise<void> {
    const keys = asked.map(({ key }) => listOf(key));
    const replicas = [heartbeatKey(''), replica, String(deadAfterMs)];
    const args = [String(lifetimeMs), ...replicas, ...asked.map(({ ticket }) => ticket)];
    try {
      const reply = await redis.run<unknown>((commands) => commands.eval(lookScript, { keys, arguments: args }));
      const heads = z.array(z.string()).parse(reply);
      for (const [index, { resolve }] of asked.entries()) resolve(heads[index] ?? '');
    } catch (error) {
      for (const { resolve } of asked) resolve(error instanceof CallError ? error : storeUnavailable(error));
    }
  }

  function leave(key: string, ticket: string): void {
    // Before it has joined there is nothing to leave.
    const queued = looks.findIndex((each) => each.ticket === ticket);
    if (queued >= 0) {
      looks.splice(queued, 1);
      return;
    }
    const options = { keys: [listOf(key)], arguments: [ticket, channel, `left ${key}`] };
    // When this is lost, whoever waits behind it will ask for it.
    redis.run((commands) => commands.eval(leaveScript, options)).catch(() => undefined);
  }

  redis.subscribe(channel, (message) => {
    const [what, first = '', number, key = ''] = message.split(' ');
    if (what === 'left') for (const wake of held.get(first)?.values() ?? []) wake?.();
    else if (first === replica) {
      const ticket = `${first} ${number} ${key}`;
      if (held.get(key)?.has(ticket)) wanted(key, what === 'bulk' ? 'bulk' : 'interactive');
      else leave(key, ticket);
    }
  });

  return {
    join(key): Ticket {
      const ticket = `${replica} ${count++} ${key}`;
      const own = held.get(key) ?? new Map<string, (() => void) | undefined>();
      held.set(key, own.set(ticket, undefined));

      function woken(deadline: Deadline): Promise<void> {
        return new Promise((resolve) => {
          const wake = () => {
            clearTimeout(timer);
            forget();
            own.set(ticket, undefined);
            resolve();
          };
          const timer = setTimeout(wake, lookEveryMs);
          const forget = deadline.whenOver(wake);
          own.set(ticket, wake);
        });
      }

      let looking: Promise<string | CallError> | undefined = look(key, ticket);
      return {
        async turn(deadline, lane) {
          for (;;) {
            const head = await (looking ?? look(key, ticket));
            looking = undefined;
            if (head instanceof CallError) {
              if (deadline.over) throw head;
            } else {
              // Of this replica's tickets only the first one asks: another that comes before it waits behind it here.
              if (own.has(head) || deadline.over) return;
              await redis.run((commands) => commands.publish(channel, `${lane()} ${head}`)).catch(() => undefined);
            }
            await woken(deadline);
          }
        },
        leave() {
          own.delete(ticket);
          if (own.size === 0) held.delete(key);
          leave(key, ticket);
        },
      };
    },
  };
}

interface Look {
  readonly key: string;
  readonly ticket: string;
  readonly resolve: (head: string | CallError) => void;
}

const listOf = (key: string) => redisKey('order', key);
