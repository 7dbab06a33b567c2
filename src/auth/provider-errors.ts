import * as oidc from 'openid-client';
import type { SignInCause } from './sign-in-causes.js';

/** What is known about a failure at the provider. */
interface ProviderFailure {
  readonly signInCause: SignInCause;
  /** The most specific code: of the system, of the provider (`AADSTS…` for Entra), or of openid-client. */
  readonly code: string;
  /** What the operator needs in addition to the cause, without secrets. */
  readonly detail?: string | undefined;
}

/** The provider rejected the request, or sent an invalid response. Repeating the request does not help. */
export class ProviderRejection extends Error implements ProviderFailure {
  override readonly name = 'ProviderRejection';
  readonly signInCause: SignInCause;
  readonly code: string;
  /** The OAuth 2.0 error code, or openid-client's code for an invalid response. */
  readonly reason: string;

  constructor(reason: string, cause: unknown) {
    super('the identity provider rejected the request', { cause });
    this.reason = safeCode(reason);
    ({ signInCause: this.signInCause, code: this.code } = explain(cause, this.reason));
  }
}

/** The provider is unreachable, failing, or rejects this service's client credential. Sessions stay valid. */
export class ProviderUnavailable extends Error implements ProviderFailure {
  override readonly name = 'ProviderUnavailable';
  readonly signInCause: SignInCause;
  readonly code: string;
  readonly detail: string | undefined;

  constructor(cause: unknown) {
    super('the identity provider is unavailable', { cause });
    ({ signInCause: this.signInCause, code: this.code, detail: this.detail } = explain(cause, 'unknown'));
  }
}

/** Maps the errors of openid-client to the two errors that callers distinguish. */
export function throwProviderError(error: unknown): never {
  if (error instanceof oidc.ResponseBodyError) {
    const isUnavailable = isClientRejection(error.error) || isOutage(error.error) || error.status >= 500;
    throw isUnavailable ? new ProviderUnavailable(error) : new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.AuthorizationResponseError) {
    throw isOutage(error.error) ? new ProviderUnavailable(error) : new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.ClientError) {
    const code = error.code ?? '';
    const isUnavailable = /TIMEOUT|HTTP_STATUS|RESPONSE_IS_NOT_|PARSE_ERROR|REQUEST/.test(code);
    throw isUnavailable ? new ProviderUnavailable(error) : new ProviderRejection(code, error);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError || error instanceof TypeError) {
    throw new ProviderUnavailable(error);
  }
  throw error;
}

const isClientRejection = (code: string) => code === 'invalid_client' || code === 'unauthorized_client';
const isOutage = (code: string) => code === 'server_error' || code === 'temporarily_unavailable';

function explain(error: unknown, fallback: string): ProviderFailure {
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError) {
    return explainOAuthError(error);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) return { signInCause: 'client-rejected', code: 'HTTP_401' };
  const [code = fallback] = codesOf(error).toReversed();
  if (error instanceof oidc.ClientError) return explainClientError(error, code);
  return { signInCause: error instanceof TypeError ? networkCause(code) : 'response-invalid', code };
}

/** @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
function explainOAuthError(error: oidc.ResponseBodyError | oidc.AuthorizationResponseError): ProviderFailure {
  const description = error.error_description ?? '';
  // The error may come from the browser (RFC 6749, 4.1.2.1) and is logged.
  const code = /\bAADSTS\d{3,9}\b/.exec(description)?.[0] ?? safeCode(error.error);
  const isRedirectUri = /\bAADSTS5001\d+\b|redirect[_ ]uri|reply (url|address)/i.test(description);
  const status = error instanceof oidc.ResponseBodyError ? error.status : 0;
  return { signInCause: isRedirectUri ? 'redirect-uri-mismatch' : oauthCause(error.error, status), code };
}

function oauthCause(code: string, status: number): SignInCause {
  if (isClientRejection(code)) return 'client-rejected';
  if (isOutage(code) || status >= 500) return 'provider-error';
  if (code === 'access_denied') return 'cancelled';
  if (code === 'invalid_scope') return 'scope-rejected';
  return code === 'invalid_grant' ? 'code-rejected' : 'provider-refused';
}

/** The status of the response that openid-client did not accept. */
function describeStatus(cause: unknown): string | undefined {
  return cause instanceof Response ? `HTTP ${cause.status}` : undefined;
}

interface Mismatch {
  readonly attribute?: unknown;
  readonly claim?: unknown;
  readonly expected?: unknown;
  readonly body?: { readonly issuer?: unknown };
}

function explainClientError(error: oidc.ClientError, code: string): ProviderFailure {
  const ownCode: string = error.code ?? '';
  switch (ownCode) {
    case 'OAUTH_TIMEOUT':
    case 'OAUTH_ABORT':
      return { signInCause: 'issuer-unreachable', code };
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return { signInCause: 'issuer-mismatch', code, detail: describeIssuers(mismatchOf(error)) };
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return { signInCause: mismatchOf(error).claim === 'iss' ? 'issuer-mismatch' : 'token-invalid', code };
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return { signInCause: 'clock-mismatch', code };
    case 'OAUTH_INVALID_RESPONSE':
      return { signInCause: 'response-invalid', code };
    default: {
      const isResponse = /HTTP_STATUS|RESPONSE_IS_NOT_|PARSE_ERROR|REQUEST|SERVER_METADATA/.test(ownCode);
      return {
        signInCause: isResponse ? 'provider-error' : 'token-invalid',
        code,
        detail: describeStatus(error.cause),
      };
    }
  }
}

/** What openid-client compared, from the end of the chain of causes. */
function mismatchOf(error: Error): Mismatch {
  let { cause } = error;
  while (cause instanceof Error) ({ cause } = cause);
  return typeof cause === 'object' && cause !== null ? cause : {};
}

/** Names both issuers, and the trailing slash if nothing else differs. */
function describeIssuers({ expected, body }: Mismatch): string | undefined {
  const actual = body?.issuer;
  if (typeof expected !== 'string' || typeof actual !== 'string' || !/^https?:[\x21-\x7e]{1,500}$/.test(actual)) {
    return undefined;
  }
  const difference =
    actual === `${expected}/`
      ? ', with a slash at the end'
      : expected === `${actual}/`
        ? ', without the slash at the end'
        : '';
  return `OIDC_ISSUER is ${expected}, and the identity provider reports ${actual}${difference}`;
}

/** The codes of Node's TLS errors and of OpenSSL. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const tlsCodes =
  /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH/;

function networkCause(code: string): SignInCause {
  if (tlsCodes.test(code)) return 'issuer-untrusted';
  return /^(E[A-Z]+|UND_ERR_\w+|PROXY_\w+|unknown)$/.test(code) ? 'issuer-unreachable' : 'provider-error';
}

/** The codes in a chain of causes, from the outermost to the root. */
function codesOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const code = 'code' in error && typeof error.code === 'string' ? [safeCode(error.code)] : [];
  return [...code, ...codesOf(error.cause, depth + 1)];
}

function safeCode(code: string): string {
  return /^[\w.-]{1,64}$/.test(code) ? code : 'unreadable';
}
