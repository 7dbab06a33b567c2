import { Store } from 'express-session';
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

/** Nobody needs more browsers than this, or can push others out with more. */
export const maxPerPerson = 10;

/**
 * Sessions, kept until they are ended, idle for too long, or too old. Emits `ended` with the id of each that is ended.
 * Where they are kept may be away: then every method fails, and nobody is taken for signed out.
 */
export abstract class SessionStore extends Store {
  readonly #idleMs: number;

  /** @param idleMs how long a session lasts without anybody being active */
  constructor(idleMs: number) {
    super();
    this.#idleMs = idleMs;
  }

  /** How long a session lasts from now on, when nobody is active any more. */
  lifetimeMs({ endsAt }: Pick<SignedIn, 'endsAt'>): number {
    return Math.max(0, Math.min(this.#idleMs, endsAt - Date.now()));
  }

  /** Lets a session in use last for as long as one that begins, unless it has ended. */
  abstract extend(id: string, signedIn: Pick<SignedIn, 'oid' | 'endsAt'>): Promise<void>;
  abstract isLive(id: string): Promise<boolean>;
  /** Ends every session that belongs to one of the provider's. Tells how many. */
  abstract endBySid(sid: string): Promise<number>;
}
