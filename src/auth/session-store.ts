import { type SessionData, Store } from 'express-session';
import type { Role } from './person.js';

declare module 'express-session' {
  interface SessionData {
    /** Who is signed in. Written at sign-in and never again. */
    signedIn?: SignedIn;
  }
}

/** What a session knows of its person. No token: those are in the vault. */
export interface SignedIn {
  readonly oid: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** The provider's own session, by which it signs people out. */
  readonly sid: string | null;
  /** What the provider recognises the person by at sign-out. */
  readonly logoutHint: string | null;
  /** When it ends at the latest (epoch ms). */
  readonly endsAt: number;
}

/** Sessions, kept until they are ended, idle for too long, or too old. Emits `ended` with the id of each that goes. */
export abstract class SessionStore extends Store {
  /** Keeps a session from going idle, unless it has ended. */
  abstract extend(id: string): Promise<void>;
  abstract isLive(id: string): Promise<boolean>;
  /** Ends every session that belongs to one of the provider's. Tells how many. */
  abstract endBySid(sid: string): Promise<number>;
}

interface Entry {
  readonly session: SessionData;
  readonly endsAt: number;
  idleAt: number;
}

const pruneEveryMs = 60_000;

/** Nobody needs more browsers than this, or can push others out with more. */
const maxPerPerson = 10;

/** Sessions in this process's memory: bounded, and pruned of what has ended. */
export class MemorySessionStore extends SessionStore {
  readonly #sessions = new Map<string, Entry>();
  readonly #idleMs: number;
  readonly #max: number;

  constructor(idleMs: number, max = 10_000) {
    super();
    this.#idleMs = idleMs;
    this.#max = max;
    setInterval(() => this.#prune(), pruneEveryMs).unref();
  }

  #live(id: string): Entry | undefined {
    const entry = this.#sessions.get(id);
    if (entry === undefined || Date.now() < Math.min(entry.idleAt, entry.endsAt)) return entry;
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
    const endsAt = copy.signedIn?.endsAt ?? Number.POSITIVE_INFINITY;
    this.#sessions.set(id, { session: copy, endsAt, idleAt: Date.now() + this.#idleMs });
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

  async extend(id: string): Promise<void> {
    const entry = this.#live(id);
    if (entry === undefined) return;
    entry.idleAt = Date.now() + this.#idleMs;
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
