import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { SessionStore, SignedInUser } from './session-store.js';

/** The sessions of browsers. The session cookie holds only a signed id. */
export interface Sessions {
  /** Reads the session of a request. Only sign-in and sign-out write sessions. */
  readonly middleware: RequestHandler;
  /** Starts a session under a new id, which prevents session fixation. Resolves to the id. */
  start(request: Request, user: SignedInUser): Promise<string>;
  /** Tries to discard a session whose start failed, and sets no cookie for it. Never rejects. */
  discard(request: Request): Promise<void>;
  /** Ends the session of a request, and clears its cookie. */
  end(request: Request): Promise<void>;
  endById(id: string): Promise<void>;
  /** The session of a request; `undefined` when there is none. */
  current(request: Request): { readonly id: string; readonly user: SignedInUser } | undefined;
}

/** The options of {@link createSessions}. */
export interface SessionOptions {
  readonly store: SessionStore;
  /** The secrets that sign cookies; the first one signs, all of them verify. */
  readonly secrets: readonly string[];
  /** Whether browsers use https. */
  readonly secure: boolean;
}

/** Configures `express-session` so that an ordinary request can neither start, change nor revive a session. */
export function createSessions({ store, secrets, secure }: SessionOptions): Sessions {
  const attributes = { httpOnly: true, secure, sameSite: 'strict', path: '/' } as const;
  // `__Host-` binds the cookie to this host and to https.
  const name = secure ? '__Host-session' : 'session';
  const readSession = session({
    name,
    store,
    secret: [...secrets],
    cookie: attributes,
    resave: false,
    saveUninitialized: false,
    rolling: false,
  });
  return {
    middleware(request, response, next) {
      // express-session sets a secure cookie only on a secure request. TLS may end at a proxy, whose headers are not
      // trusted, so PUBLIC_URL decides.
      Object.defineProperty(request, 'secure', { value: secure });
      readSession(request, response, next);
    },
    async start(request, user) {
      await promisify((done) => request.session.regenerate(done));
      request.session.signedIn = user;
      await promisify((done) => request.session.save(done));
      return request.sessionID;
    },
    discard: (request) => promisify((done) => request.session.destroy(done)).catch(() => undefined),
    async end(request) {
      // Without a session, there is nothing to delete at the store.
      if (request.session.signedIn !== undefined) await promisify((done) => request.session.destroy(done));
      request.res?.clearCookie(name, attributes);
    },
    endById: (id) => promisify((done) => store.destroy(id, done)),
    current(request) {
      const { signedIn } = request.session;
      return signedIn === undefined ? undefined : { id: request.sessionID, user: signedIn };
    },
  };
}

function promisify(work: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
}
