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

/** Stores each transaction in a sealed cookie of its own, for ten minutes: two tabs can sign in at the same time. */
export interface Transactions {
  /** Sets the cookie, and clears the oldest ones of the browser beyond four. */
  save(request: Request, response: Response, transaction: Transaction): void;
  /**
   * Resolves to the browser's transaction with this `state` and clears its cookie. Resolves to `undefined` when there
   * is none that is valid, or when it was consumed before. Keeps the cookies of other transactions.
   */
  consume(request: Request, response: Response, state: string | null): Promise<Transaction | undefined>;
}

const lifetimeMs = 600_000;

/** The maximum number of transactions of one browser, whose cookies are sent with every request. */
const maxPerBrowser = 4;

/** A random value of openid-client. Its first characters distinguish the cookies of one browser. */
const statePattern = /^[\w-]{43}$/;

/**
 * Creates the cookie store of transactions.
 *
 * @param secure whether browsers use https
 * @param used records the consumed transactions: a cookie that was copied before it was cleared is still sealed
 */
export function createTransactions(secrets: readonly string[], secure: boolean, used: ReplayCache): Transactions {
  const sealer = createSealer(secrets, 'sign-in');
  const prefix = secure ? '__Host-sign-in-' : 'sign-in-';
  const nameOf = (state: string) => `${prefix}${state.slice(0, 8)}`;
  // Lax, because the provider's response is a navigation from another site.
  const attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;

  function open(name: string, sealed: string) {
    const text = sealer.open(sealed, name);
    return text === undefined ? undefined : storedTransaction.safeParse(JSON.parse(text)).data;
  }

  return {
    save(request, response, transaction) {
      const text = JSON.stringify({ ...transaction, endsAt: Date.now() + lifetimeMs });
      const name = nameOf(transaction.state);
      const others = [...readCookies(request, prefix)]
        .map(([other, sealed]) => ({ name: other, endsAt: open(other, sealed)?.endsAt ?? 0 }))
        .toSorted((one, two) => two.endsAt - one.endsAt);
      for (const oldest of others.slice(maxPerBrowser - 1)) response.clearCookie(oldest.name, attributes);
      response.cookie(name, sealer.seal(text, name), { ...attributes, maxAge: lifetimeMs });
    },
    async consume(request, response, state) {
      if (state === null || !statePattern.test(state)) return undefined;
      const name = nameOf(state);
      const sealed = readCookies(request, prefix).get(name);
      const transaction = sealed === undefined ? undefined : open(name, sealed);
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
 * The cookies whose names start with a prefix, without those that are sent more than once. Trims spaces and tabs only:
 * browsers enforce the rules of `__Host-` on the raw name, and a name that matches only after more trimming could have
 * been set by another host.
 */
function readCookies(request: Request, prefix: string): ReadonlyMap<string, string> {
  const values = new Map<string, string[]>();
  for (const pair of (request.get('cookie') ?? '').split(/;[ \t]*/)) {
    const [, name = '', value = ''] = /^([\w-]+)=(.*)$/s.exec(pair) ?? [];
    if (name.startsWith(prefix)) values.set(name, [...(values.get(name) ?? []), value]);
  }
  return new Map([...values].flatMap(([name, [value = '', ...more]]) => (more.length === 0 ? [[name, value]] : [])));
}
