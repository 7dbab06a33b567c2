import type { AccessToken, TokenCredential } from '@azure/identity';
import type { Logger } from 'pino';
import { CallError } from '../../errors.js';

/** What is wanted of a token. */
export interface TokenRequest {
  /** May be made only when it is read. */
  readonly signal: AbortSignal;
  /** The claims of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  /** A token that Graph has just refused, so it must be another one. */
  readonly rejectedToken?: string | undefined;
}

/** Hands out access tokens, from memory while they are good. */
export interface TokenSource {
  /** What it means when Graph refuses even another token of this source. */
  readonly rejectionReason: 'CREDENTIAL_UNAVAILABLE' | 'SIGN_IN_REQUIRED';
  /** @throws {CallError} `CREDENTIAL_UNAVAILABLE` when there is none to be had, or none in time */
  get(request: TokenRequest): Promise<string>;
}

/** A token is renewed this long before it ends, unless its issuer names a better moment. */
const renewBeforeMs = 5 * 60_000;

/** A credential that takes longer than this is given up; the next call asks it anew. */
const fetchTimeoutMs = 30_000;

/** After a renewal has failed, the present token is used for this long before the next one is tried. */
const renewAgainMs = 30_000;

/** Keeps one credential's token fresh. However many callers wait for a token, one of them fetches it. */
export function createTokenSource(credential: TokenCredential, scope: string, log: Logger): TokenSource {
  let current: AccessToken | undefined;
  let noRenewalBefore = 0;
  const underWay = new Map<string, Promise<AccessToken>>();

  async function fetchToken(claims: string | undefined): Promise<AccessToken> {
    const abortSignal = AbortSignal.timeout(fetchTimeoutMs);
    const options = { abortSignal, enableCae: true, ...(claims !== undefined && { claims }) };
    try {
      const token = await abortable(credential.getToken(scope, options), abortSignal);
      if (token === null) throw new Error('the credential gave no token');
      current = token;
      return token;
    } catch (cause) {
      log.error({ cause: describeCause(cause) }, 'no Graph token to be had');
      throw new CallError('CREDENTIAL_UNAVAILABLE', { cause });
    }
  }

  function renew(claims?: string): Promise<AccessToken> {
    const key = claims ?? '';
    const pending = underWay.get(key) ?? fetchToken(claims).finally(() => underWay.delete(key));
    underWay.set(key, pending);
    return pending;
  }

  /** Renews while the present token is still good. A failure is in the log, and harms nobody yet. */
  function renewEarly(): void {
    const now = Date.now();
    if (now < noRenewalBefore) return;
    noRenewalBefore = now + renewAgainMs;
    renew().catch(() => undefined);
  }

  return {
    rejectionReason: 'CREDENTIAL_UNAVAILABLE',
    async get(request) {
      const { claims, rejectedToken: refused } = request;
      const now = Date.now();
      if (current !== undefined && current.token !== refused && current.expiresOnTimestamp > now) {
        if (now >= (current.refreshAfterTimestamp ?? current.expiresOnTimestamp - renewBeforeMs)) renewEarly();
        return current.token;
      }
      const { token } = await abortable(renew(claims), request.signal);
      if (token === refused) {
        throw new CallError('CREDENTIAL_UNAVAILABLE', { cause: new Error('there is no token but the refused one') });
      }
      return token;
    },
  };
}

/**
 * What went wrong at bottom, in one line for operators. The errors of credentials and sockets hold no secrets, but a
 * developer's credential can name the developer.
 */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : 'no cause is known';
  if (cause.cause instanceof Error) return describeCause(cause.cause);
  const text = cause.message
    .slice(0, 800)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\S{1,80}@\S{1,80}/g, '…');
  return `${cause.name}: ${text}`;
}

/** Waits for a token no longer than its caller does. Throws `CREDENTIAL_UNAVAILABLE` when the time is over. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new CallError('CREDENTIAL_UNAVAILABLE', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
