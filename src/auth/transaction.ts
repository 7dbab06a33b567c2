import type { Request, Response } from 'express';
import { z } from 'zod';
import { createSealer } from '../seal.js';
import type { AuthorizationChecks } from './provider.js';
import type { ReplayCache } from './replay-cache.js';

const storedTransaction = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  replaces: z.string().nullable(),
  endsAt: z.number(),
});

/** A sign-in in progress in one browser. */
export interface Transaction extends AuthorizationChecks {
  readonly returnTo: string;
  /** The id of the session that this sign-in replaces. */
  readonly replaces: string | null;
}

/** Stores the transaction in a sealed cookie of the browser, for ten minutes. */
export interface Transactions {
  save(response: Response, transaction: Transaction): void;
  /**
   * Resolves to the browser's transaction and clears its cookie. Resolves to `undefined` when there is none that is
   * valid, when it was consumed before, or when it has another `state`, in which case it keeps the cookie.
   */
  consume(request: Request, response: Response, state: string | null): Promise<Transaction | undefined>;
}

const lifetimeMs = 600_000;

/**
 * Creates the cookie store of transactions.
 *
 * @param secure whether browsers use https
 * @param used records the consumed transactions: a cookie that was copied before it was cleared is still sealed
 */
export function createTransactions(secrets: readonly string[], secure: boolean, used: ReplayCache): Transactions {
  const sealer = createSealer(secrets, 'sign-in');
  const name = secure ? '__Host-sign-in' : 'sign-in';
  // Lax, because the provider's response is a navigation from another site.
  const attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  return {
    save(response, transaction) {
      const text = JSON.stringify({ ...transaction, endsAt: Date.now() + lifetimeMs });
      response.cookie(name, sealer.seal(text, name), { ...attributes, maxAge: lifetimeMs });
    },
    async consume(request, response, state) {
      const sealed = readCookie(request, name);
      const text = sealed === undefined ? undefined : sealer.open(sealed, name);
      const transaction = text === undefined ? undefined : storedTransaction.safeParse(JSON.parse(text)).data;
      // Another site can make the browser open the callback. That must not end a sign-in in progress.
      if (transaction !== undefined && transaction.state !== state) return undefined;
      if (sealed !== undefined) response.clearCookie(name, attributes);
      const remainingMs = (transaction?.endsAt ?? 0) - Date.now();
      if (transaction === undefined || remainingMs <= 0) return undefined;
      return (await used.use(transaction.state, remainingMs)) ? transaction : undefined;
    },
  };
}

/**
 * The value of a cookie, when there is exactly one of that name. Trims spaces and tabs only: browsers enforce the rules
 * of `__Host-` on the raw name, and a name that matches only after more trimming could have been set by another host.
 */
function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(/;[ \t]*/).filter((pair) => pair.startsWith(`${name}=`));
  return pairs.length === 1 ? pairs[0]?.slice(name.length + 1) : undefined;
}
