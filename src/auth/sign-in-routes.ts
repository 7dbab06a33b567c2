import { type Request, type RequestHandler, type Response, Router } from 'express';
import { CallError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { readIdentity } from './identity.js';
import { type NamedAccount, type PageName, showPage } from './pages.js';
import { newAuthorizationChecks, type OidcTokens, type Provider } from './provider.js';
import { ProviderRejection, ProviderUnavailable } from './provider-errors.js';
import { limitRequests } from './request-limit.js';
import { safeReturnPath } from './return-to.js';
import type { RoleNames } from './roles.js';
import type { SessionStore, SignedInUser } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { SignInCause, SignInResult } from './sign-in-causes.js';
import type { Stores } from './stores.js';
import { tenantMismatch } from './tenant.js';
import type { Transactions } from './transaction.js';
import type { TokenVault } from './vault.js';

/** A sign-in event of the audit log. */
export interface SignInEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out';
  readonly oid?: string;
  readonly reason?: string;
  /** Why a sign-in was rejected: a stable code. */
  readonly cause?: SignInCause;
  /** The code of the system, of the provider or of openid-client that the cause stands for. */
  readonly code?: string;
}

/** A sign-in that failed. */
export interface SignInFailure {
  readonly requestId: string;
  readonly cause: SignInCause;
  readonly code?: string | undefined;
  /** What the operator needs in addition to the cause. */
  readonly detail?: string | undefined;
}

/** The dependencies of {@link signInRoutes}. */
export interface SignInParts {
  readonly issuer: URL;
  readonly provider: Provider;
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly transactions: Transactions;
  /** Creates the counters that limit the rate of sign-ins. */
  readonly requestCounter: Stores['requestCounter'];
  readonly vault: TokenVault;
  readonly roleNames: RoleNames;
  readonly maxSessionMs: number;
  /** The public origin of the service, as browsers see it. */
  readonly originOf: (request: Request) => string;
  /** Rejects cross-site requests (CSRF protection). */
  readonly requireSameOrigin: RequestHandler;
  readonly audit: (response: Response, event: SignInEvent) => void;
  readonly onFailure: (failure: SignInFailure) => void;
  /** Called at the end of each sign-in. */
  readonly observeSignIn: (result: SignInResult) => void;
}

const paths = new Set(['/sign-in', '/callback', '/sign-out', '/front-channel-sign-out']);

/** Creates the routes below `/auth`. */
export function signInRoutes(parts: SignInParts): Router {
  const { provider, sessions, store, transactions, vault, originOf, audit, observeSignIn } = parts;
  const routes = Router({ caseSensitive: true, strict: true });
  const redirectUri = (request: Request) => `${originOf(request)}/auth/callback`;

  routes.use((request, response, next) => {
    if (paths.has(request.path)) response.locals.route = `/auth${request.path}`;
    next();
  });

  // Before the session is read, so that a rejected request is cheap. Counted separately, so that users who have started
  // a sign-in can finish it while others start too many.
  routes.get('/sign-in', limitRequests('sign-in', parts.requestCounter));
  routes.get('/callback', limitRequests('callback', parts.requestCounter));

  routes.use(sessions.middleware);

  routes.get('/sign-in', async (request, response) => {
    const { searchParams, search } = new URL(request.originalUrl, originOf(request));
    // localhost and 127.0.0.1 do not share cookies, and the provider redirects to the public origin: start there. If the
    // port is another one, the browser is at a proxy that replaces the Host header: a redirect would repeat for ever.
    const { host, hostname, port } = new URL(originOf(request));
    const requested = new URL(`http://${request.get('host') ?? host}`);
    if (isLoopback(hostname) && requested.hostname !== hostname && requested.port === port) {
      response.redirect(303, `${originOf(request)}/auth/sign-in${search}`);
      return;
    }
    const session = sessions.current(request);
    const transaction = {
      ...newAuthorizationChecks(),
      returnTo: safeReturnPath(searchParams.get('returnTo')),
      replaces: session?.id ?? null,
    };
    const claims = session && (await vault.claimsFor(session.id));
    const prompt = searchParams.get('prompt') === 'select_account' ? 'select_account' : undefined;
    const url = await provider.authorizationUrl(transaction, redirectUri(request), { claims, prompt });
    transactions.save(request, response, transaction);
    response.redirect(303, url.href);
  });

  routes.get('/callback', async (request, response) => {
    const callback = new URL(request.originalUrl, originOf(request));
    const transaction = await transactions.consume(request, response, callback.searchParams.get('state'));
    if (transaction === undefined) {
      return reject(response, 'failed', { reason: 'no-transaction', cause: 'no-transaction' });
    }
    const { claims, tokens } = await provider.exchange(callback, transaction);
    const identity = readIdentity(claims, parts.roleNames);
    if (identity === undefined) return reject(response, 'failed', { reason: 'claims', cause: 'claims-invalid' });
    const { oid, name, username, roles, sid, logoutHint } = identity;
    const account = { name: name || oid, username, returnTo: transaction.returnTo };
    const mismatch = tenantMismatch(identity.tid, parts.issuer);
    if (mismatch !== undefined) {
      const cause = mismatch === 'personal' ? 'personal-account' : mismatch;
      return reject(response, mismatch, { reason: mismatch, cause, oid }, account);
    }

    const [rolesAt, endsAt] = [Date.now(), Date.now() + parts.maxSessionMs];
    const user: SignedInUser = { oid, name, username, roles, rolesAt, sid, logoutHint, endsAt };
    await startSession(request, user, tokens, transaction.replaces);
    audit(response, { event: 'sign-in', oid });
    observeSignIn(roles.length === 0 ? 'no-role' : 'ok');
    if (roles.length === 0) showPage(response, 'no-role', account);
    else response.redirect(303, transaction.returnTo);
  });

  routes.post('/sign-out', parts.requireSameOrigin, async (request, response) => {
    const session = sessions.current(request);
    await sessions.end(request);
    if (session !== undefined) audit(response, { event: 'sign-out', oid: session.user.oid });
    const hint = session?.user.logoutHint ?? null;
    const url = await provider.endSessionUrl(`${originOf(request)}/`, hint).catch(() => undefined);
    response.json({ location: url?.href ?? '/' });
  });

  routes.get('/front-channel-sign-out', async (request, response) => {
    const { searchParams } = new URL(request.originalUrl, originOf(request));
    const sid = searchParams.get('sid') ?? '';
    const ended = sid === '' ? 0 : await store.endBySid(sid);
    if (ended > 0) audit(response, { event: 'sign-out', reason: 'front-channel' });
    // The provider's sign-out page embeds this one in a frame. It has no content that clickjacking could abuse.
    response.removeHeader('x-frame-options');
    response.setHeader('content-security-policy', "default-src 'none'");
    response.type('html').send('<!doctype html><title>Signed out</title>');
  });

  async function startSession(
    request: Request,
    user: SignedInUser,
    tokens: OidcTokens,
    replaces: string | null,
  ): Promise<void> {
    // The callback comes from the provider's site, without the SameSite=Strict cookie: end the previous session by id.
    if (replaces !== null) await sessions.endById(replaces);
    try {
      const id = await sessions.start(request, user);
      // A user without a role makes no calls to Graph, and gets one by signing in again.
      if (user.roles.length > 0) await vault.put(id, tokens, store.lifetimeMs(user));
    } catch (error) {
      await sessions.discard(request);
      throw error;
    }
  }

  function reject(
    response: Response,
    page: PageName,
    failure: Omit<SignInFailure, 'requestId'> & { readonly reason: string; readonly oid?: string },
    account?: NamedAccount,
  ): void {
    const { reason, cause, code, oid, detail } = failure;
    audit(response, {
      event: 'sign-in-refused',
      reason,
      cause,
      ...(code !== undefined && { code }),
      ...(oid !== undefined && { oid }),
    });
    parts.onFailure({ requestId: response.locals.requestId, cause, code, detail });
    observeSignIn(cause);
    showPage(response, page, account);
  }

  routes.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (error instanceof ProviderRejection) {
      const { reason, signInCause: cause, code } = error;
      return reject(response, cause === 'cancelled' ? 'cancelled' : 'failed', { reason, cause, code });
    }
    if (error instanceof ProviderUnavailable) {
      const { signInCause: cause, code, detail } = error;
      const reason = cause === 'client-rejected' ? 'invalid-client' : 'provider-unavailable';
      return reject(response, 'unavailable', { reason, cause, code, detail });
    }
    if (!(error instanceof CallError)) return next(error);
    const isSignIn = /sign-in$|callback$/.test(response.locals.route ?? '');
    if (error.reason === 'THROTTLED') {
      response.setHeader('retry-after', Math.ceil((error.details.retryAfterMs ?? 0) / 1_000));
      observeSignIn('throttled');
      return showPage(response, 'too-many');
    }
    // The session store is unavailable.
    if (isSignIn) {
      parts.onFailure({ requestId: response.locals.requestId, cause: 'sessions-unavailable' });
      observeSignIn('sessions-unavailable');
    }
    showPage(response, 'sessions-unavailable');
  });
  return routes;
}
