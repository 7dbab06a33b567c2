import type { SessionData } from 'express-session';
import { maxSessionsPerUser, SessionStore, type SignedInUser } from './session-store.js';

interface Entry {
  session: SessionData;
  /** Epoch ms. */
  usedAt: number;
  /** Epoch ms. */
  endsAt: number;
}

const pruneEveryMs = 60_000;

/** Session ids by a property of their session, in the order in which they were added. */
class IdIndex {
  readonly #ids = new Map<string, Set<string>>();

  add(value: string, id: string): void {
    const ids = this.#ids.get(value);
    if (ids === undefined) this.#ids.set(value, new Set([id]));
    else ids.add(id);
  }

  remove(value: string, id: string): void {
    const ids = this.#ids.get(value);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(value);
  }

  ids(value: string): readonly string[] {
    return [...(this.#ids.get(value) ?? [])];
  }
}

/** Sessions in the memory of this process. Expired sessions are removed every minute. */
export class MemorySessionStore extends SessionStore {
  /** In order of use: the least recently used session comes first. */
  readonly #sessions = new Map<string, Entry>();
  /** The ids by user and by provider session, in order of use, so that no request visits the sessions of others. */
  readonly #byUser = new IdIndex();
  readonly #bySid = new IdIndex();
  readonly #max: number;

  /**
   * @param idleMs the idle timeout of a session
   * @param max the number of sessions; the least recently used one is ended when there are more
   */
  constructor(idleMs: number, max = 10_000) {
    super(idleMs);
    this.#max = max;
    setInterval(() => this.#prune(), pruneEveryMs).unref();
  }

  #live(id: string): Entry | undefined {
    const entry = this.#sessions.get(id);
    if (entry === undefined || Date.now() < entry.endsAt) return entry;
    this.#end(id);
    return undefined;
  }

  #end(id: string): void {
    if (this.#remove(id)) this.emit('ended', id);
  }

  #add(id: string, entry: Entry): void {
    const { signedIn } = entry.session;
    this.#sessions.set(id, entry);
    this.#byUser.add(signedIn?.oid ?? '', id);
    if (typeof signedIn?.sid === 'string') this.#bySid.add(signedIn.sid, id);
  }

  #remove(id: string): Entry | undefined {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return undefined;
    const { signedIn } = entry.session;
    this.#sessions.delete(id);
    this.#byUser.remove(signedIn?.oid ?? '', id);
    if (typeof signedIn?.sid === 'string') this.#bySid.remove(signedIn.sid, id);
    return entry;
  }

  #prune(): void {
    for (const id of this.#sessions.keys()) this.#live(id);
  }

  override get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    // A copy, so that a request cannot change the stored session.
    callback(null, structuredClone(this.#live(id)?.session) ?? null);
  }

  override set(id: string, session: SessionData, callback?: (error?: unknown) => void): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy through JSON, as in a remote store
    const copy = JSON.parse(JSON.stringify(session)) as SessionData;
    const lifetimeMs = this.lifetimeMs(copy.signedIn ?? { endsAt: Number.POSITIVE_INFINITY });
    this.#remove(id);
    this.#add(id, { session: copy, usedAt: Date.now(), endsAt: Date.now() + lifetimeMs });
    const [oldestOfUser, ...others] = this.#byUser.ids(copy.signedIn?.oid ?? '');
    if (others.length >= maxSessionsPerUser && oldestOfUser !== undefined) this.#end(oldestOfUser);
    if (this.#sessions.size > this.#max) {
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined) this.#end(oldest);
    }
    callback?.();
  }

  override destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#end(id);
    callback?.();
  }

  async extend(id: string, user: Pick<SignedInUser, 'oid' | 'endsAt'>): Promise<void> {
    const entry = this.#live(id);
    if (entry === undefined) return;
    entry.usedAt = Date.now();
    entry.endsAt = Date.now() + this.lifetimeMs(user);
    this.#remove(id);
    this.#add(id, entry);
  }

  async update(id: string, user: SignedInUser): Promise<void> {
    const entry = this.#live(id);
    if (entry !== undefined) entry.session = { ...entry.session, signedIn: user };
  }

  async lastUsedAt(id: string): Promise<number | undefined> {
    return this.#live(id)?.usedAt;
  }

  async isLive(id: string): Promise<boolean> {
    return this.#live(id) !== undefined;
  }

  async endBySid(sid: string): Promise<number> {
    const matching = this.#bySid.ids(sid);
    for (const id of matching) this.#end(id);
    return matching.length;
  }
}
