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

/** Sessions, kept until they are ended, idle for too long, or too old. */
export abstract class SessionStore extends Store {
  /** Keeps a session from going idle, unless it has ended. */
  abstract extend(id: string): Promise<void>;
  /** Ends every session of a provider's session. Returns their ids. */
  abstract endBySid(sid: string): Promise<readonly string[]>;
}

interface Entry {
  readonly json: string;
  readonly sid: string | null;
  readonly endsAt: number;
  idleAt: number;
}

/** Sessions in this process's memory: bounded, and pruned of what has ended. */
export class MemorySessionStore extends SessionStore {
  readonly #sessions = new Map<string, Entry>();
  readonly #idleMs: number;
  readonly #max: number;

  constructor(idleMs: number, max = 10_000) {
    super();
    this.#idleMs = idleMs;
    this.#max = max;
  }

  #live(id: string): Entry | undefined {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return undefined;
    const now = Date.now();
    if (now < entry.idleAt && now < entry.endsAt) return entry;
    this.#sessions.delete(id);
    return undefined;
  }

  override get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    const entry = this.#live(id);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own JSON, from `set`
    callback(null, entry === undefined ? null : (JSON.parse(entry.json) as SessionData));
  }

  override set(id: string, session: SessionData, callback?: (error?: unknown) => void): void {
    const { sid = null, endsAt = Number.POSITIVE_INFINITY } = session.signedIn ?? {};
    this.#sessions.delete(id);
    this.#sessions.set(id, { json: JSON.stringify(session), sid, endsAt, idleAt: Date.now() + this.#idleMs });
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#max && this.#live(oldest) !== undefined) break;
      this.#sessions.delete(oldest);
    }
    callback?.();
  }

  override destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    callback?.();
  }

  async extend(id: string): Promise<void> {
    const entry = this.#live(id);
    if (entry !== undefined) entry.idleAt = Date.now() + this.#idleMs;
  }

  async endBySid(sid: string): Promise<readonly string[]> {
    const ended = [...this.#sessions].flatMap(([id, entry]) => (entry.sid === sid ? [id] : []));
    for (const id of ended) this.#sessions.delete(id);
    return ended;
  }
}
