import { callbackify } from 'node:util';
import { RedisStore } from 'connect-redis';
import type { SessionData } from 'express-session';
import { maxPerPerson, SessionStore, type SignedIn } from '../auth/session-store.js';
import { type Redis, redisKey } from './connection.js';
import { createSealedValues, type SealedValues } from './sealed-values.js';

/** Sessions in Redis, sealed: they are the same for all replicas, at once. */
export class RedisSessionStore extends SessionStore {
  readonly #redis: Redis;
  readonly #values: SealedValues;
  readonly #sessions: RedisStore;

  /** @param whenUnreadable told when there is a session that can't be opened: it counts as none */
  constructor(idleMs: number, redis: Redis, secrets: readonly string[], whenUnreadable: () => void) {
    super(idleMs);
    this.#redis = redis;
    const values = createSealedValues(redis, secrets, 'session', whenUnreadable);
    this.#values = values;
    this.#sessions = new RedisStore({
      prefix: '',
      ttl: ({ signedIn }) => Math.ceil(this.lifetimeMs(signedIn ?? { endsAt: Number.POSITIVE_INFINITY }) / 1_000),
      // What connect-redis calls of a client. `express-session` never gets to see its `touch`: reading extends nothing.
      client: {
        get: (id: string) => values.get(id),
        set: (id: string, text: string, { expiration }: { readonly expiration: { readonly value: number } }) =>
          values.set(id, text, expiration.value * 1_000),
        del: ([id = '']: readonly string[]) => values.remove(id),
      },
    });
  }

  override get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    void this.#sessions.get(id, callback);
  }

  override set(id: string, session: SessionData, callback: (error?: unknown) => void = () => undefined): void {
    callbackify(() => this.#begin(id, session))(callback);
  }

  override destroy(id: string, callback: (error?: unknown) => void = () => undefined): void {
    callbackify(() => this.#end(id))(callback);
  }

  async extend(id: string, signedIn: Pick<SignedIn, 'oid' | 'endsAt'>): Promise<void> {
    const used = { score: Date.now(), value: id };
    await Promise.all([
      this.#values.extend(id, this.lifetimeMs(signedIn)),
      this.#redis.run((commands) => commands.zAdd(redisKey('person', signedIn.oid), used, { condition: 'XX' })),
    ]);
  }

  isLive(id: string): Promise<boolean> {
    return this.#values.has(id);
  }

  async endBySid(sid: string): Promise<number> {
    const ids = await this.#redis.run((commands) => commands.zRange(redisKey('sid', sid), 0, -1));
    const ended = await Promise.all(ids.map((id) => this.#end(id)));
    return ended.filter(Boolean).length;
  }

  async #begin(id: string, session: SessionData): Promise<void> {
    const { signedIn } = session;
    if (signedIn === undefined) throw new TypeError('only those who have signed in have a session');
    const lastsMs = signedIn.endsAt - Date.now();
    // It is there when it can be found by whoever may end it.
    const ofPerson = redisKey('person', signedIn.oid);
    if (signedIn.sid !== null) await this.#note(redisKey('sid', signedIn.sid), id, lastsMs);
    await this.#note(ofPerson, id, lastsMs);
    await this.#sessions.set(id, session);
    await this.#endSurplus(ofPerson);
  }

  /** Adds a session to a list of those that belong together, the one that was used last comes last. */
  async #note(list: string, id: string, lastsMs: number): Promise<void> {
    await this.#redis.run((commands) =>
      commands
        .multi()
        .zAdd(list, { score: Date.now(), value: id })
        .pExpire(list, Math.max(1, Math.ceil(lastsMs)))
        .exec(),
    );
  }

  /** Ends those sessions of a person that were least recently used, when there are too many. Those that ended by themselves are forgotten. */
  async #endSurplus(list: string): Promise<void> {
    const ids = await this.#redis.run((commands) => commands.zRange(list, 0, -1));
    const live = await Promise.all(ids.map((id) => this.isLive(id)));
    const surplus = ids.filter((_id, index) => live[index]).slice(0, -maxPerPerson);
    const gone = [...ids.filter((_id, index) => !live[index]), ...surplus];
    await Promise.all(surplus.map((id) => this.#end(id)));
    if (gone.length > 0) await this.#redis.run((commands) => commands.zRem(list, gone));
  }

  async #end(id: string): Promise<boolean> {
    const wasThere = await this.#values.remove(id);
    this.emit('ended', id);
    return wasThere;
  }
}
