import type { Request, Response } from 'express';
import { z } from 'zod';
import { createSealer } from '../seal.js';
import type { Checks } from './provider.js';

const transaction = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  replaces: z.string().nullable(),
  endsAt: z.number(),
});

/** A sign-in that has begun in one browser. */
export interface Transaction extends Checks {
  readonly returnTo: string;
  /** The session that this sign-in takes the place of. */
  readonly replaces: string | null;
}

/** Keeps what binds a sign-in to its browser in a cookie of that browser, sealed, for ten minutes. */
export interface Transactions {
  begin(response: Response, begun: Transaction): void;
  /** Takes it away again: each is good for one answer. `undefined` without one that is good. */
  take(request: Request, response: Response): Transaction | undefined;
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
    take(request, response) {
      const sealed = readCookie(request, name);
      if (sealed === undefined) return undefined;
      response.clearCookie(name, attributes);
      const text = sealer.open(sealed, name);
      if (text === undefined) return undefined;
      const begun = transaction.safeParse(JSON.parse(text)).data;
      return begun !== undefined && begun.endsAt > Date.now() ? begun : undefined;
    },
  };
}

/** The value of a cookie whose value needs no decoding. */
function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
