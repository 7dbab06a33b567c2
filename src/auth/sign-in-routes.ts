import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { CallError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { type PageName, showPage } from './pages.js';
import { newAuthorizationChecks, type OidcTokens, type Provider } from './provider.js';
import { ProviderRejection, ProviderUnavailable } from './provider-errors.js';
import { limitRequests } from './request-limit.js';
import { safeReturnPath } from './return-to.js';
import { type RoleNames, rolesIn } from './roles.js';
import type { SessionStore, SignedInUser } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { Stores } from './stores.js';
import { tenantMismatch } from './tenant.js';
import type { Transactions } from './transaction.js';
import type { TokenVault } from './vault.js';

/** A sign-in event of the audit log. */
export interface SignInEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out';
  readonly oid?: string;
  readonly reason?: string;
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
  /** Stores the users' own tokens, when calls to Graph use delegated permissions. */
  readonly vault: TokenVault | undefined;
  readonly roleNames: RoleNames;
  readonly maxSessionMs: number;
  /** The public origin of the service, as browsers see it. */
  readonly originOf: (request: Request) => string;
  /** Rejects cross-site requests (CSRF protection). */
  readonly requireSameOrigin: RequestHandler;
  readonly audit: (response: Response, event: SignInEvent) => void;
  readonly onProviderUnavailable: (error: ProviderUnavailable) => void;
}

const idTokenClaims = z.object({
  sub: z.string(),
  oid: z.string().optional(),
  tid: z.string().optional(),
  // Displayed on every page.
  name: z
    .string()
    .default('')
    .transform((name) => name.slice(0, 256)),
  sid: z.string().optional(),
  login_hint: z.string().optional(),
  roles: z.unknown().optional(),
});

const paths = new Set(['/sign-in', '/callback', '/sign-out', '/front-channel-sign-out']);

/** Creates the routes below `/auth`. */
export function signInRoutes(parts: SignInParts): Router {
  const { provider, sessions, store, transactions, vault, originOf, audit } = parts;
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
    const claims = session && (await vault?.claimsFor(session.id));
    const url = await provider.authorizationUrl(transaction, redirectUri(request), claims);
    transactions.save(response, transaction);
    response.redirect(303, url.href);
  });

  routes.get('/callback', async (request, response) => {
    const callback = new URL(request.originalUrl, originOf(request));
    const transaction = await transactions.consume(request, response, callback.searchParams.get('state'));
    if (transaction === undefined) return reject(response, 'failed', 'no-transaction');
    const { claims, tokens } = await provider.exchange(callback, transaction);
    const { data: identity } = idTokenClaims.safeParse(claims);
    if (identity === undefined) return reject(response, 'failed', 'claims');
    const oid = identity.oid ?? identity.sub;
    const mismatch = tenantMismatch(identity.tid, parts.issuer);
    if (mismatch !== undefined) return reject(response, mismatch, mismatch, oid);

    const roles = rolesIn(identity.roles, parts.roleNames);
    const user: SignedInUser = {
      oid,
      name: identity.name,
      roles,
      sid: identity.sid ?? null,
      logoutHint: identity.login_hint ?? null,
      endsAt: Date.now() + parts.maxSessionMs,
    };
    await startSession(request, user, tokens, transaction.replaces);
    audit(response, { event: 'sign-in', oid });
    if (roles.length === 0) showPage(response, 'no-role');
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
      // A user without a role makes no calls to Graph.
      if (user.roles.length > 0) await vault?.put(id, tokens, store.lifetimeMs(user));
    } catch (error) {
      await sessions.discard(request);
      throw error;
    }
  }

  function reject(response: Response, page: PageName, reason: string, oid?: string): void {
    audit(response, { event: 'sign-in-refused', reason, ...(oid !== undefined && { oid }) });
    showPage(response, page);
  }

  routes.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (error instanceof ProviderRejection) {
      return reject(response, error.code === 'access_denied' ? 'cancelled' : 'failed', error.code);
    }
    if (error instanceof CallError && error.reason === 'THROTTLED') {
      response.setHeader('retry-after', Math.ceil((error.details.retryAfterMs ?? 0) / 1_000));
      return showPage(response, 'too-many');
    }
    // The session store is unavailable.
    if (error instanceof CallError) return showPage(response, 'sessions-unavailable');
    if (!(error instanceof ProviderUnavailable)) return next(error);
    parts.onProviderUnavailable(error);
    reject(response, 'unavailable', error.clientRejected ? 'invalid-client' : 'provider-unavailable');
  });
  return routes;
}
