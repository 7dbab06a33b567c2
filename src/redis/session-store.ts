import { callbackify } from 'node:util';
import { RedisStore } from 'connect-redis';
import type { SessionData } from 'express-session';
import { maxSessionsPerUser, SessionStore, type SignedInUser } from '../auth/session-store.js';
import { type Redis, redisKey } from './connection.js';
import { createSealedValues, type SealedValues } from './sealed-values.js';

/**
 * Sessions in Redis, sealed. Beside each session there are two indexes (sorted sets of session ids, scored by their last
 * use): `person:<oid>` for the limit of sessions per user, and `sid:<sid>` for front-channel sign-out.
 */
export class RedisSessionStore extends SessionStore {
  readonly #redis: Redis;
  readonly #values: SealedValues;
  readonly #sessions: RedisStore;

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
    this.#sessions = new RedisStore({
      prefix: '',
      ttl: ({ signedIn }) => Math.ceil(this.lifetimeMs(signedIn ?? { endsAt: Number.POSITIVE_INFINITY }) / 1_000),
      // The part of a client that connect-redis uses. Its `touch` is not exposed, so that reading extends no session.
      client: {
        get: (id: string) => values.get(id),
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
    const entry = { score: Date.now(), value: id };
    await Promise.all([
      this.#values.extend(id, this.lifetimeMs(user)),
      this.#redis.run((commands) => commands.zAdd(redisKey('person', user.oid), entry, { condition: 'XX' })),
    ]);
  }

  async update(id: string, user: SignedInUser): Promise<void> {
    const text = await this.#values.get(id);
    if (text === null) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a session that this service has sealed
    const session = JSON.parse(text) as SessionData;
    await this.#values.replace(id, JSON.stringify({ ...session, signedIn: user }));
  }

  async lastUsedAt(id: string, user: Pick<SignedInUser, 'oid'>): Promise<number | undefined> {
    const [score, isLive] = await Promise.all([
      this.#redis.run((commands) => commands.zScore(redisKey('person', user.oid), id)),
      this.isLive(id),
    ]);
    return isLive ? (score ?? undefined) : undefined;
  }

  isLive(id: string): Promise<boolean> {
    return this.#values.has(id);
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
    await this.#redis.run((commands) =>
      commands
        .multi()
        .zAdd(index, { score: Date.now(), value: id })
        .pExpire(index, Math.max(1, Math.ceil(lifetimeMs)))
        .exec(),
    );
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
    const existed = await this.#values.delete(id);
    this.emit('ended', id);
    return existed;
  }
}
