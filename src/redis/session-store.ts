import { callbackify } from 'node:util';
import { RedisStore } from 'connect-redis';
import type { SessionData } from 'express-session';
import { z } from 'zod';
import { maxSessionsPerUser, SessionStore, type SignedInUser } from '../auth/session-store.js';
import { toLocalTime, toRedisTime } from './clock.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { createRecentReads, type RecentReads } from './recent-reads.js';
import { createSealedValues, type SealedValues } from './sealed-values.js';

/** A value that opens was sealed by a replica, as this form. */
const sessionData = z.custom<SessionData>((value) => typeof value === 'object' && value !== null);

interface SessionSerializer {
  readonly stringify: (session: SessionData) => string;
  readonly parse: (text: string) => SessionData;
}

/** Replicas publish the id of each session that they end. */
export const endedChannel = redisKey('session', 'ended');

/**
 * Adds a session to an index, and extends the index.
 *
 * KEYS[1] the index (sorted set)
 * ARGV[1] the session's id
 * ARGV[2] the time of its last use, epoch ms
 * ARGV[3] the lifetime of the index, ms
 */
const addToIndexScript = `
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])`;

/**
 * Sessions in Redis, sealed. Beside each session there are two indexes (sorted sets of session ids, scored by their
 * last use): `person:<oid>` for the limit of sessions per user, and `sid:<sid>` for front-channel sign-out.
 */
export class RedisSessionStore extends SessionStore {
  readonly #redis: Redis;
  readonly #values: SealedValues;
  readonly #sessions: RedisStore;
  readonly #serializer: SessionSerializer;
  readonly #reads: RecentReads<true> = createRecentReads();

  /**
   * @param idleMs the idle timeout of a session
   * @param secrets the first one seals; all of them open
   * @param onUnreadable called for each session that cannot be opened, which counts as none
   */
  constructor(idleMs: number, redis: Redis, secrets: readonly string[], onUnreadable: () => void) {
    super(idleMs);
    this.#redis = redis;
    const values = createSealedValues(redis, secrets, 'session', onUnreadable);
    this.#values = values;
    redis.subscribe(endedChannel, (id) => this.#reads.remove(id));
    this.#serializer = {
      stringify: (session) => JSON.stringify(withTimes(session, (time) => toRedisTime(redis, time))),
      parse: (text) => withTimes(sessionData.parse(JSON.parse(text)), (time) => toLocalTime(redis, time)),
    };
    this.#sessions = new RedisStore({
      prefix: '',
      serializer: this.#serializer,
      ttl: ({ signedIn }) => Math.ceil(this.lifetimeMs(signedIn ?? { endsAt: Number.POSITIVE_INFINITY }) / 1_000),
      // The part of a client that connect-redis uses. Its `touch` is not exposed, so that reading extends no session.
      client: {
        get: async (id: string) => {
          const text = await values.get(id);
          if (text !== null) this.#reads.add(id, true);
          return text;
        },
        set: (id: string, text: string, { expiration }: { readonly expiration: { readonly value: number } }) =>
          values.set(id, text, expiration.value * 1_000),
        del: ([id = '']: readonly string[]) => values.delete(id),
      },
    });
  }

  override get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    void this.#sessions.get(id, callback);
  }

  override set(id: string, session: SessionData, callback: (error?: unknown) => void = () => undefined): void {
    callbackify(() => this.#save(id, session))(callback);
  }

  override destroy(id: string, callback: (error?: unknown) => void = () => undefined): void {
    callbackify(() => this.#end(id))(callback);
  }

  async extend(id: string, user: Pick<SignedInUser, 'oid' | 'endsAt'>): Promise<void> {
    const entry = { score: toRedisTime(this.#redis, Date.now()), value: id };
    // The call does not wait for the replies: commands run in the order in which they were sent, so that each read
    // after this one sees the new lifetime, and without Redis the call fails anyway.
    this.#values.extend(id, this.lifetimeMs(user)).catch(() => undefined);
    this.#redis
      .run((commands) => commands.zAdd(redisKey('person', user.oid), entry, { condition: 'XX' }))
      .catch(() => undefined);
  }

  async update(id: string, user: SignedInUser): Promise<void> {
    const text = await this.#values.get(id);
    if (text === null) return;
    await this.#values.replace(id, this.#serializer.stringify({ ...this.#serializer.parse(text), signedIn: user }));
  }

  async lastUsedAt(id: string, user: Pick<SignedInUser, 'oid'>): Promise<number | undefined> {
    const [entries, isLive] = await Promise.all([
      this.#redis.run((commands) => commands.zRangeWithScores(redisKey('person', user.oid), 0, -1)),
      this.isLive(id),
    ]);
    const entry = entries.find(({ value }) => value === id);
    return isLive && entry !== undefined ? toLocalTime(this.#redis, entry.score) : undefined;
  }

  async isLive(id: string, maxAgeMs = 0): Promise<boolean> {
    return this.#reads.get(id, maxAgeMs) ?? this.#values.has(id);
  }

  async endBySid(sid: string): Promise<number> {
    const ids = await this.#redis.run((commands) => commands.zRange(redisKey('sid', sid), 0, -1));
    const ended = await Promise.all(ids.map((id) => this.#end(id)));
    return ended.filter(Boolean).length;
  }

  async #save(id: string, session: SessionData): Promise<void> {
    const { signedIn } = session;
    if (signedIn === undefined) throw new TypeError('a session needs a signed-in user');
    const remainingMs = signedIn.endsAt - Date.now();
    const personIndex = redisKey('person', signedIn.oid);
    // Index first: if a step fails, every stored session can still be ended.
    if (signedIn.sid !== null) await this.#addToIndex(redisKey('sid', signedIn.sid), id, remainingMs);
    await this.#addToIndex(personIndex, id, remainingMs);
    await this.#sessions.set(id, session);
    await this.#enforceLimit(personIndex);
  }

  async #addToIndex(index: string, id: string, lifetimeMs: number): Promise<void> {
    const lifetime = String(Math.max(1, Math.ceil(lifetimeMs)));
    const options = { keys: [index], arguments: [id, String(toRedisTime(this.#redis, Date.now())), lifetime] };
    await this.#redis.run((commands) => commands.eval(addToIndexScript, options));
  }

  /** Ends the least recently used sessions beyond the limit per user, and removes expired ones from the index. */
  async #enforceLimit(index: string): Promise<void> {
    const ids = await this.#redis.run((commands) => commands.zRange(index, 0, -1));
    const live = await Promise.all(ids.map((id) => this.isLive(id)));
    const surplus = ids.filter((_id, position) => live[position]).slice(0, -maxSessionsPerUser);
    const removed = [...ids.filter((_id, position) => !live[position]), ...surplus];
    await Promise.all(surplus.map((id) => this.#end(id)));
    if (removed.length > 0) await this.#redis.run((commands) => commands.zRem(index, removed));
  }

  async #end(id: string): Promise<boolean> {
    this.#reads.remove(id);
    const [existed] = await Promise.all([
      this.#values.delete(id),
      this.#redis.run((commands) => commands.publish(endedChannel, id)),
    ]);
    this.#reads.remove(id);
    this.emit('ended', id);
    return existed;
  }
}

/** The same session with its times on another clock. */
function withTimes(session: SessionData, convert: (time: number) => number): SessionData {
  const { signedIn } = session;
  if (signedIn === undefined) return session;
  const { endsAt, rolesAt } = signedIn;
  const times = { endsAt: convert(endsAt), ...(rolesAt !== undefined && { rolesAt: convert(rolesAt) }) };
  return { ...session, signedIn: { ...signedIn, ...times } };
}
