/** Who must act on a failed sign-in: an operator at once (`error`), an operator if it lasts (`warn`), or the user. */
type Level = 'error' | 'warn' | 'info';

/** What each cause means, for the log. */
const causes = {
  'issuer-unreachable': ['warn', 'the identity provider cannot be reached: check OIDC_ISSUER, DNS, firewall and proxy'],
  'issuer-untrusted': [
    'error',
    'the TLS certificate of the identity provider is not trusted: an operator must add its authority (NODE_EXTRA_CA_CERTS)',
  ],
  'issuer-mismatch': [
    'error',
    'the identity provider has another issuer than OIDC_ISSUER: an operator must set the one that it reports',
  ],
  'provider-error': ['warn', 'the identity provider fails, or something else responds in its place'],
  'client-rejected': [
    'error',
    'the identity provider rejects the client credential (OIDC_CLIENT_*): an operator must renew it',
  ],
  'redirect-uri-mismatch': [
    'error',
    'the identity provider does not know the redirect URI: an operator must register PUBLIC_URL/auth/callback',
  ],
  'scope-rejected': ['error', 'the identity provider rejects the requested scopes: an operator must check OIDC_SCOPE'],
  'clock-mismatch': [
    'error',
    'the ID token is not valid at this time: an operator must check the clock of this machine',
  ],
  'provider-refused': ['warn', 'the identity provider refuses the sign-in for the reason in `code`'],
  'token-invalid': ['warn', 'the identity provider sent an invalid token'],
  'response-invalid': ['warn', 'the authorization or token response is invalid'],
  'claims-invalid': ['warn', 'the ID token has claims of an unexpected type'],
  'code-rejected': ['info', 'the identity provider rejects the authorization code'],
  'no-transaction': ['info', 'the callback belongs to no sign-in of this browser that is in progress'],
  'personal-account': ['info', 'the account is a personal Microsoft account'],
  'other-tenant': ['info', 'the account belongs to another tenant'],
  cancelled: ['info', 'the user cancelled the sign-in'],
  throttled: ['warn', 'too many people are signing in'],
  'sessions-unavailable': ['error', 'the session could not be stored: check Redis (REDIS_URL)'],
} as const satisfies Record<string, readonly [Level, string]>;

/** Why a sign-in failed. The codes are stable: they are in the log, in the audit and in the metric `sign_ins_total`. */
export type SignInCause = keyof typeof causes;

/** How a sign-in ended, for the metrics: `no-role` is a sign-in of a user who has no role. */
export type SignInResult = 'ok' | 'no-role' | SignInCause;

/** All results, so that each counter exists before its first sign-in. */
export const signInResults: readonly SignInResult[] = [
  'ok',
  'no-role',
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of an object that has no others
  ...(Object.keys(causes) as SignInCause[]),
];

/** The log level of a cause, and what it means. */
export function describeSignInCause(cause: SignInCause): { readonly level: Level; readonly text: string } {
  const [level, text] = causes[cause];
  return { level, text };
}
