import type { Request, Response } from 'express';
import { z } from 'zod';
import { createSealer } from '../seal.js';
import type { AuthorizationChecks } from './provider.js';

const transaction = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  replaces: z.string().nullable(),
  endsAt: z.number(),
});

/** A sign-in that has begun in one browser. */
export interface Transaction extends AuthorizationChecks {
  readonly returnTo: string;
  /** The session that this sign-in takes the place of. */
  readonly replaces: string | null;
}

/** Keeps what binds a sign-in to its browser in a cookie of that browser, sealed, for ten minutes. */
export interface Transactions {
  begin(response: Response, begun: Transaction): void;
  /** Takes it away again: each is good for the one answer that has its state. `undefined` for any other. */
  take(request: Request, response: Response, state: string | null): Transaction | undefined;
}

const lifetimeMs = 600_000;

/** @param secure whether browsers come by https; decides the cookie's name and attributes */
export function createTransactions(secrets: readonly string[], secure: boolean): Transactions {
  const sealer = createSealer(secrets, 'sign-in');
  const name = secure ? '__Host-sign-in' : 'sign-in';
  // Lax, since the provider's answer is a navigation from another site.
  const attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  return {
    begin(response, begun) {
      const text = JSON.stringify({ ...begun, endsAt: Date.now() + lifetimeMs });
      response.cookie(name, sealer.seal(text, name), { ...attributes, maxAge: lifetimeMs });
    },
    take(request, response, state) {
      const sealed = readCookie(request, name);
      const text = sealed === undefined ? undefined : sealer.open(sealed, name);
      const begun = text === undefined ? undefined : transaction.safeParse(JSON.parse(text)).data;
      // Whoever else makes the browser come here must not end a sign-in that is under way.
      if (begun !== undefined && begun.state !== state) return undefined;
      if (sealed !== undefined) response.clearCookie(name, attributes);
      return begun !== undefined && begun.endsAt > Date.now() ? begun : undefined;
    },
  };
}

/**
 * The value of a cookie, when there is exactly one of that name. Only spaces and tabs are skipped: with a name that
 * merely looks like this one after more has been trimmed, the rules of `__Host-` would not have held.
 */
function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(/;[ \t]*/).filter((pair) => pair.startsWith(`${name}=`));
  return pairs.length === 1 ? pairs[0]?.slice(name.length + 1) : undefined;
}
