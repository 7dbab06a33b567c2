import type { AccessToken, TokenCredential } from '@azure/identity';
import type { Logger } from 'pino';
import { GraphError } from './errors.js';

/** What is wanted of a token. */
export interface TokenRequest {
  readonly signal: AbortSignal;
  /** The claims of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  /** A token that Graph has just refused, so it must be another one. */
  readonly refused?: string | undefined;
}

/** Hands out access tokens, from memory while they are good. */
export interface TokenSource {
  /** @throws {GraphError} `CREDENTIAL_UNAVAILABLE` when there is none to be had, or none in time */
  get(request: TokenRequest): Promise<string>;
}

/** A token is renewed this long before it ends, unless its issuer names a better moment. */
const renewBeforeMs = 5 * 60_000;

/** Keeps one credential's token fresh. However many callers wait for a token, one of them fetches it. */
export function createTokenSource(credential: TokenCredential, scope: string, log: Logger): TokenSource {
  let current: AccessToken | undefined;
  const underWay = new Map<string, Promise<AccessToken>>();

  async function fetchToken(claims: string | undefined): Promise<AccessToken> {
    try {
      const token = await credential.getToken(scope, { enableCae: true, ...(claims !== undefined && { claims }) });
      if (token === null) throw new Error('the credential gave no token');
      current = token;
      return token;
    } catch (cause) {
      log.error({ cause: describeCause(cause) }, 'no Graph token to be had');
      throw new GraphError('CREDENTIAL_UNAVAILABLE', { cause });
    }
  }

  function renew(claims?: string): Promise<AccessToken> {
    const key = claims ?? '';
    const pending = underWay.get(key) ?? fetchToken(claims).finally(() => underWay.delete(key));
    underWay.set(key, pending);
    return pending;
  }

  return {
    async get({ signal, claims, refused }) {
      const now = Date.now();
      if (current !== undefined && current.token !== refused && current.expiresOnTimestamp > now) {
        const renewAt = current.refreshAfterTimestamp ?? current.expiresOnTimestamp - renewBeforeMs;
        // A failed renewal is logged and tried again by the next call: the present token is still good.
        if (now >= renewAt) renew().catch(() => undefined);
        return current.token;
      }
      const { token } = await inTime(renew(claims), signal);
      if (token === refused) throw new GraphError('CREDENTIAL_UNAVAILABLE', { cause: 'Graph refused the token' });
      return token;
    },
  };
}

/** What went wrong at bottom, in one line for operators. The errors of credentials and sockets hold no secrets. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : 'no cause is known';
  if (cause.cause instanceof Error) return describeCause(cause.cause);
  return `${cause.name}: ${cause.message.replaceAll(/\s*\n\s*/g, ' ').slice(0, 800)}`;
}

function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new GraphError('CREDENTIAL_UNAVAILABLE', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
