import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { SessionStore, SignedIn } from './session-store.js';

/** The sessions of people's browsers: one cookie, and nothing else in the browser. */
export interface Sessions {
  /** Reads the session of a request. Only sign-in and sign-out ever write one. */
  readonly middleware: RequestHandler;
  /** Begins a session under a new id, which no cookie from before can have known. Returns that id. */
  begin(request: Request, signedIn: SignedIn): Promise<string>;
  /** Ends what was begun, as far as that can be done, and gives the browser no cookie for it. */
  forget(request: Request): Promise<void>;
  /** Ends the session of a request. */
  end(request: Request): Promise<void>;
  endById(id: string): Promise<void>;
  /** Who is signed in, and under which id. */
  current(request: Request): { readonly id: string; readonly signedIn: SignedIn } | undefined;
}

/** What {@link createSessions} needs. */
export interface SessionOptions {
  readonly store: SessionStore;
  /** The first one signs; all of them verify. */
  readonly secrets: readonly string[];
  /** Whether browsers come by https. */
  readonly secure: boolean;
}

/** Sessions by `express-session`, set up so that a request can neither begin, alter nor revive one. */
export function createSessions({ store, secrets, secure }: SessionOptions): Sessions {
  const attributes = { httpOnly: true, secure, sameSite: 'strict', path: '/' } as const;
  // `__Host-` binds the cookie to this very host and to https, where there is https.
  const name = secure ? '__Host-session' : 'session';
  const handle = session({
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
      // The public address decides whether the cookie is secure: TLS may end at a proxy, whose headers are not trusted.
      Object.defineProperty(request, 'secure', { value: secure });
      handle(request, response, next);
    },
    async begin(request, signedIn) {
      await call((done) => request.session.regenerate(done));
      request.session.signedIn = signedIn;
      await call((done) => request.session.save(done));
      return request.sessionID;
    },
    forget: (request) => call((done) => request.session.destroy(done)).catch(() => undefined),
    async end(request) {
      await call((done) => request.session.destroy(done));
      request.res?.clearCookie(name, attributes);
    },
    endById: (id) => call((done) => store.destroy(id, done)),
    current(request) {
      const { signedIn } = request.session;
      return signedIn === undefined ? undefined : { id: request.sessionID, signedIn };
    },
  };
}

function call(work: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
}
