import type { SessionData } from 'express-session';
import { maxPerPerson, SessionStore, type SignedIn } from './session-store.js';

interface Entry {
  readonly session: SessionData;
  endsAt: number;
}

const pruneEveryMs = 60_000;

/** Sessions in this process's memory: bounded, and pruned of what has ended. */
export class MemorySessionStore extends SessionStore {
  readonly #sessions = new Map<string, Entry>();
  readonly #max: number;

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
    // A copy: what a request does to its session stays with the request.
    callback(null, structuredClone(this.#live(id)?.session) ?? null);
  }

  override set(id: string, session: SessionData, callback?: (error?: unknown) => void): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON keeps of it, as any store would
    const copy = JSON.parse(JSON.stringify(session)) as SessionData;
    const lifetimeMs = this.lifetimeMs(copy.signedIn ?? { endsAt: Number.POSITIVE_INFINITY });
    this.#sessions.set(id, { session: copy, endsAt: Date.now() + lifetimeMs });
    const ofPerson = [...this.#sessions].filter(([, other]) => other.session.signedIn?.oid === copy.signedIn?.oid);
    const [ownOldest] = ofPerson.map(([key]) => key);
    if (ofPerson.length > maxPerPerson && ownOldest !== undefined) this.#end(ownOldest);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#max && oldest !== undefined) this.#end(oldest);
    callback?.();
  }

  override destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#end(id);
    callback?.();
  }

  async extend(id: string, signedIn: Pick<SignedIn, 'oid' | 'endsAt'>): Promise<void> {
    const entry = this.#live(id);
    if (entry === undefined) return;
    entry.endsAt = Date.now() + this.lifetimeMs(signedIn);
    // The order of the map is that of use: who was here least recently goes first.
    this.#sessions.delete(id);
    this.#sessions.set(id, entry);
  }

  async isLive(id: string): Promise<boolean> {
    return this.#live(id) !== undefined;
  }

  async endBySid(sid: string): Promise<number> {
    const ended = [...this.#sessions].filter(([, { session }]) => session.signedIn?.sid === sid);
    for (const [id] of ended) this.#end(id);
    return ended.length;
  }
}
