import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { CallError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import type { Authenticate } from './authenticate.js';
import { type PageName, showPage } from './pages.js';
import {
  newAuthorizationChecks,
  type Provider,
  ProviderRefusal,
  ProviderUnavailable,
  type SignInResult,
} from './provider.js';
import { safeReturnPath } from './return-to.js';
import { type RoleNames, rolesIn } from './roles.js';
import type { SessionStore, SignedIn } from './session-store.js';
import type { Sessions } from './sessions.js';
import { tenantMismatch } from './tenant.js';
import type { Transactions } from './transaction.js';
import type { TokenVault } from './vault.js';

/** Something that the audit has to know. */
export interface SignInEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out';
  readonly oid?: string;
  readonly reason?: string;
}

/** What signing in is made of. */
export interface SignInParts {
  readonly issuer: URL;
  readonly provider: Provider;
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly transactions: Transactions;
  /** Where calls to Graph are made with people's own tokens. */
  readonly vault: TokenVault | undefined;
  readonly roleNames: RoleNames;
  readonly maxSessionMs: number;
  /** The origin that browsers use. */
  readonly originOf: (request: Request) => string;
  /** Refuses what another site's page can make a browser send. */
  readonly requireOwnSite: RequestHandler;
  readonly audit: (response: Response, event: SignInEvent) => void;
  readonly onProviderUnavailable: (error: ProviderUnavailable) => void;
}

const identity = z.object({
  sub: z.string(),
  oid: z.string().optional(),
  tid: z.string().optional(),
  name: z.string().default(''),
  sid: z.string().optional(),
  login_hint: z.string().optional(),
  roles: z.unknown().optional(),
});

const paths = new Set(['/sign-in', '/callback', '/sign-out', '/front-channel-sign-out']);

/** The routes below `/auth`. */
export function signInRoutes(parts: SignInParts): Router {
  const { provider, sessions, store, transactions, vault, originOf, audit } = parts;
  const routes = Router({ caseSensitive: true, strict: true });
  const redirectUri = (request: Request) => `${originOf(request)}/auth/callback`;

  routes.use((request, response, next) => {
    if (paths.has(request.path)) response.locals.route = `/auth${request.path}`;
    next();
  });

  routes.use(sessions.middleware);

  routes.get('/sign-in', async (request, response) => {
    const { searchParams, search } = new URL(request.originalUrl, originOf(request));
    // On one machine, localhost and 127.0.0.1 have cookies of their own, and the answer comes to the public one.
    const { host, hostname } = new URL(originOf(request));
    if (isLoopback(hostname) && host !== request.get('host')) {
      response.redirect(303, `${originOf(request)}/auth/sign-in${search}`);
      return;
    }
    const session = sessions.current(request);
    const begun = {
      ...newAuthorizationChecks(),
      returnTo: safeReturnPath(searchParams.get('returnTo')),
      replaces: session?.id ?? null,
    };
    const claims = session && (await vault?.claimsFor(session.id));
    const url = await provider.authorizationUrl(begun, redirectUri(request), claims);
    transactions.begin(response, begun);
    response.redirect(303, url.href);
  });

  routes.get('/callback', async (request, response) => {
    const callback = new URL(request.originalUrl, originOf(request));
    const begun = transactions.take(request, response, callback.searchParams.get('state'));
    if (begun === undefined) return refuse(response, 'failed', 'no-transaction');
    const result = await provider.exchange(callback, begun);
    const { data: person } = identity.safeParse(result.claims);
    if (person === undefined) return refuse(response, 'failed', 'claims');
    const oid = person.oid ?? person.sub;
    const foreign = tenantMismatch(person.tid, parts.issuer);
    if (foreign !== undefined) return refuse(response, foreign, foreign, oid);

    const roles = rolesIn(person.roles, parts.roleNames);
    const signedIn: SignedIn = {
      oid,
      name: person.name,
      roles,
      sid: person.sid ?? null,
      logoutHint: person.login_hint ?? null,
      endsAt: Date.now() + parts.maxSessionMs,
    };
    await start(request, signedIn, begun.replaces, result);
    audit(response, { event: 'sign-in', oid });
    if (roles.length === 0) showPage(response, 'no-role');
    else response.redirect(303, begun.returnTo);
  });

  routes.post('/sign-out', parts.requireOwnSite, async (request, response) => {
    const session = sessions.current(request);
    await sessions.end(request);
    if (session !== undefined) audit(response, { event: 'sign-out', oid: session.signedIn.oid });
    const hint = session?.signedIn.logoutHint ?? null;
    const url = await provider.endSessionUrl(`${originOf(request)}/`, hint).catch(() => undefined);
    response.json({ location: url?.href ?? '/' });
  });

  routes.get('/front-channel-sign-out', async (request, response) => {
    const { searchParams } = new URL(request.originalUrl, originOf(request));
    const sid = searchParams.get('sid') ?? '';
    const ended = sid === '' ? 0 : await store.endBySid(sid);
    if (ended > 0) audit(response, { event: 'sign-out', reason: 'front-channel' });
    // The provider's page shows it in a frame. There is nothing in it that a frame could be misused for.
    response.removeHeader('x-frame-options');
    response.setHeader('content-security-policy', "default-src 'none'");
    response.type('html').send('<!doctype html><title>Signed out</title>');
  });

  async function start(
    request: Request,
    signedIn: SignedIn,
    replaces: string | null,
    { tokens }: SignInResult,
  ): Promise<void> {
    // The strict cookie of the session before does not come along from the provider's site.
    if (replaces !== null) await sessions.endById(replaces);
    try {
      const id = await sessions.begin(request, signedIn);
      // Whoever may do nothing here needs no tokens.
      if (signedIn.roles.length > 0) await vault?.put(id, tokens, store.lifetimeMs(signedIn));
    } catch (error) {
      // Half a sign-in is none.
      await sessions.forget(request);
      throw error;
    }
  }

  function refuse(response: Response, page: PageName, reason: string, oid?: string): void {
    audit(response, { event: 'sign-in-refused', reason, ...(oid !== undefined && { oid }) });
    showPage(response, page);
  }

  routes.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (error instanceof ProviderRefusal) {
      const cancelled = error.code === 'access_denied';
      return refuse(response, cancelled ? 'cancelled' : 'failed', error.code);
    }
    // The sessions can be away.
    if (error instanceof CallError) return showPage(response, 'away');
    if (!(error instanceof ProviderUnavailable)) return next(error);
    parts.onProviderUnavailable(error);
    refuse(response, 'unavailable', error.clientRejected ? 'invalid-client' : 'provider-unavailable');
  });
  return routes;
}

/** Knows people by their session, and keeps it from going idle while they are active. */
export function sessionAuthenticator(
  sessions: Sessions,
  store: SessionStore,
  vault: TokenVault | undefined,
): Authenticate {
  return async (request, active) => {
    const session = sessions.current(request);
    if (session === undefined) return null;
    const { id, signedIn } = session;
    if (active) {
      const lifetimeMs = store.lifetimeMs(signedIn);
      await Promise.all([store.extend(id, signedIn), vault?.extend(id, lifetimeMs)]);
    }
    return {
      person: { oid: signedIn.oid, name: signedIn.name, roles: signedIn.roles },
      expiresAt: new Date(signedIn.endsAt),
      isSessionActive: () => store.isLive(id),
      tokens: vault?.tokensOf(id),
    };
  };
}
