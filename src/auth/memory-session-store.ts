import type { SessionData } from 'express-session';
import { maxSessionsPerUser, SessionStore, type SignedInUser } from './session-store.js';

interface Entry {
  readonly session: SessionData;
  /** Epoch ms. */
  endsAt: number;
}

const pruneEveryMs = 60_000;

/** Sessions in the memory of this process. Expired sessions are removed every minute. */
export class MemorySessionStore extends SessionStore {
  /** In order of use: the least recently used session comes first. */
  readonly #sessions = new Map<string, Entry>();
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
    if (this.#sessions.delete(id)) this.emit('ended', id);
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
    this.#sessions.set(id, { session: copy, endsAt: Date.now() + lifetimeMs });
    const ofPerson = [...this.#sessions].filter(([, other]) => other.session.signedIn?.oid === copy.signedIn?.oid);
    const [oldestOfPerson] = ofPerson.map(([key]) => key);
    if (ofPerson.length > maxSessionsPerUser && oldestOfPerson !== undefined) this.#end(oldestOfPerson);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#max && oldest !== undefined) this.#end(oldest);
    callback?.();
  }

  override destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#end(id);
    callback?.();
  }

  async extend(id: string, user: Pick<SignedInUser, 'oid' | 'endsAt'>): Promise<void> {
    const entry = this.#live(id);
    if (entry === undefined) return;
    entry.endsAt = Date.now() + this.lifetimeMs(user);
    this.#sessions.delete(id);
    this.#sessions.set(id, entry);
  }

  async isLive(id: string): Promise<boolean> {
    return this.#live(id) !== undefined;
  }

  async endBySid(sid: string): Promise<number> {
    const matching = [...this.#sessions].filter(([, { session }]) => session.signedIn?.sid === sid);
    for (const [id] of matching) this.#end(id);
    return matching.length;
  }
}
