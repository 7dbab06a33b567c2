import { nameOf, type Redis } from '../redis/connection.js';
import { aliveKey } from '../redis/replica.js';
import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';
import type { Line, Ticket } from './line.js';
import type { Lane } from './turn.js';

/** Without word from the others, one looks so often whether it is one's turn. */
const lookEveryMs = 500;

/** A line that nobody has joined for so long is forgotten. */
const lifetimeMs = 24 * 3_600_000;

/** What replicas tell each other: `left KEY`, and the lane of somebody who waits for the ticket that follows. */
const channel = nameOf('order', 'messages');

/**
 * Joins the line, unless the ticket is there already (a Redis that was restarted may have lost it), and takes out
 * those at the head whose replica is dead. Returns the ticket at the head.
 */
const lookScript = `
  if not redis.call('LPOS', KEYS[1], ARGV[1]) then
    redis.call('RPUSH', KEYS[1], ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  while true do
    local head = redis.call('LINDEX', KEYS[1], 0)
    local replica = string.match(head, '^[^ ]+') or ''
    if head == ARGV[1] or redis.call('EXISTS', ARGV[3] .. replica) == 1 then return head end
    redis.call('LPOP', KEYS[1])
  end`;

const leaveScript = `
  redis.call('LREM', KEYS[1], 1, ARGV[1])
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end`;

/**
 * Lines as lists in Redis, of which the first ticket writes. A replica that dies leaves its tickets behind, and loses
 * them to whoever waits behind them.
 *
 * @param replica the id of this one; no other has it
 */
export function createSharedLine(redis: Redis, replica: string, wanted: (key: string, lane: Lane) => void): Line {
  /** The tickets of this replica by their keys, each with what wakes whoever waits for its turn. */
  const held = new Map<string, Map<string, (() => void) | undefined>>();
  let count = 0;

  function leave(key: string, ticket: string): void {
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

      function look(): Promise<unknown> {
        const options = { keys: [listOf(key)], arguments: [ticket, String(lifetimeMs), aliveKey('')] };
        return redis.run<unknown>((commands) => commands.eval(lookScript, options)).catch((error: unknown) => error);
      }

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

      let looking: Promise<unknown> | undefined = look();
      return {
        async turn(deadline, lane) {
          for (;;) {
            const head = await (looking ?? look());
            looking = undefined;
            if (head === ticket) return;
            // Of this replica's tickets only the first one asks: what comes before it in the line waits behind it here.
            if (typeof head === 'string' && own.has(head)) return;
            if (deadline.over && head instanceof GraphError) throw head;
            if (deadline.over) return;
            if (typeof head === 'string') {
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

const listOf = (key: string) => nameOf('order', key);
