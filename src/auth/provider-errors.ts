import * as oidc from 'openid-client';

/** The provider rejected the request, or sent an invalid response. Repeating the request does not help. */
export class ProviderRejection extends Error {
  override readonly name = 'ProviderRejection';
  /** The OAuth 2.0 error code, or openid-client's code for an invalid response. */
  readonly code: string;
  constructor(code: string, cause: unknown) {
    super('the identity provider rejected the request', { cause });
    // The code may come from the browser (RFC 6749, 4.1.2.1) and is logged.
    this.code = /^[\w.-]{1,64}$/.test(code) ? code : 'unreadable';
  }
}

/** The provider is unreachable, failing, or rejects this service's client credential. Sessions stay valid. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
  /** Whether the client credential was rejected, which only an operator can fix. */
  readonly clientRejected: boolean;
  constructor(clientRejected: boolean, cause: unknown) {
    super(
      clientRejected ? 'the identity provider rejected the client credential' : 'the identity provider is unavailable',
      { cause },
    );
    this.clientRejected = clientRejected;
  }
}

/** Maps the errors of openid-client to the two errors that callers distinguish. */
export function throwProviderError(error: unknown): never {
  if (error instanceof oidc.ResponseBodyError) {
    if (['invalid_client', 'unauthorized_client'].includes(error.error)) throw new ProviderUnavailable(true, error);
    if (error.status >= 500 || error.error === 'temporarily_unavailable') throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.AuthorizationResponseError) {
    if (/^(server_error|temporarily_unavailable)$/.test(error.error)) throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.ClientError) {
    const code = error.code ?? '';
    if (/TIMEOUT|HTTP_STATUS|RESPONSE_IS_NOT_|PARSE_ERROR|REQUEST/.test(code))
      throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(code, error);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) throw new ProviderUnavailable(true, error);
  if (error instanceof TypeError) throw new ProviderUnavailable(false, error);
  throw error;
}
