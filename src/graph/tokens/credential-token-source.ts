import type { AccessToken, TokenCredential } from '@azure/identity';
import type { Logger } from 'pino';
import { CallError, describeCause } from '../../errors.js';
import type { TokenSource } from './token-source.js';

/** A token is refreshed this long before it expires, unless its issuer sets a time. */
const refreshBeforeExpiryMs = 5 * 60_000;

/** The longest time a credential may take for a token. */
const fetchTimeoutMs = 30_000;

/** After a failed refresh, the current token is used for this long before the next attempt. */
const retryRefreshMs = 30_000;

/** Caches the tokens of one credential and refreshes them in time. Concurrent callers share one request. */
export function createTokenSource(credential: TokenCredential, scope: string, log: Logger): TokenSource {
  let current: AccessToken | undefined;
  let nextRefreshAt = 0;
  const pendingByClaims = new Map<string, Promise<AccessToken>>();

  async function fetchToken(claims: string | undefined): Promise<AccessToken> {
    const abortSignal = AbortSignal.timeout(fetchTimeoutMs);
    const options = { abortSignal, enableCae: true, ...(claims !== undefined && { claims }) };
    try {
      const token = await waitForToken(credential.getToken(scope, options), abortSignal);
      if (token === null) throw new Error('the credential returned no token');
      current = token;
      return token;
    } catch (cause) {
      log.error({ cause: describeCause(cause) }, 'no Graph token is available');
      throw new CallError('CREDENTIAL_UNAVAILABLE', { cause });
    }
  }

  function refresh(claims?: string): Promise<AccessToken> {
    const key = claims ?? '';
    const pending = pendingByClaims.get(key) ?? fetchToken(claims).finally(() => pendingByClaims.delete(key));
    pendingByClaims.set(key, pending);
    return pending;
  }

  /** Refreshes while the current token is still valid. A failure is logged and affects no call yet. */
  function refreshEarly(): void {
    const now = Date.now();
    if (now < nextRefreshAt) return;
    nextRefreshAt = now + retryRefreshMs;
    refresh().catch(() => undefined);
  }

  return {
    rejectionReason: 'CREDENTIAL_UNAVAILABLE',
    async get(request) {
      const { claims, rejectedToken } = request;
      const now = Date.now();
      if (current !== undefined && current.token !== rejectedToken && current.expiresOnTimestamp > now) {
        if (now >= (current.refreshAfterTimestamp ?? current.expiresOnTimestamp - refreshBeforeExpiryMs))
          refreshEarly();
        return current.token;
      }
      const { token } = await waitForToken(refresh(claims), request.signal);
      if (token === rejectedToken) {
        const cause = new Error('the credential returned the rejected token again');
        throw new CallError('CREDENTIAL_UNAVAILABLE', { cause });
      }
      return token;
    },
  };
}

/** Waits for a token until the signal aborts. @throws {CallError} `CREDENTIAL_UNAVAILABLE` if it does */
export function waitForToken<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new CallError('CREDENTIAL_UNAVAILABLE', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
