import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, forbiddenApplication, unauthorized } from './answers.js';
import { type GraphRequest, isBatch } from './request.js';

/** The permissions of which a write needs one. */
export const writeScopes = [
  'DeviceManagementScripts.ReadWrite.All',
  'DeviceManagementConfiguration.ReadWrite.All',
] as const;

/** The permissions of which a read needs one. */
const readScopes = ['DeviceManagementScripts.Read.All', ...writeScopes] as const;

/** What to put into a token. */
interface TokenWishes {
  /** The claims request of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly lifetimeMs?: number | undefined;
}

/** The tokens that the simulated Graph knows. They are known by heart: no signature is verified. */
export interface Tokens {
  /** A new token that looks like Entra's. */
  issue(wishes: TokenWishes): { readonly token: string; readonly expiresOnTimestamp: number };
  /** Makes a given text a good token that does not expire. */
  register(token: string, roles?: readonly string[]): void;
  /** Refuses the request with a claims challenge, and its token with the same challenge from now on. */
  challenge(request: GraphRequest): Answer;
  /** The refusal of a request whose token is missing, unknown, expired, challenged or without the permission. */
  refusal(request: GraphRequest): Answer | undefined;
}

interface Grant {
  readonly roles: readonly string[];
  readonly expiresAt: number;
}

const authorizationUri = 'https://login.microsoftonline.com/common/oauth2/authorize';
const plainChallenge = `Bearer realm="", authorization_uri="${authorizationUri}"`;
const hourMs = 3_600_000;

/** Starts a set of tokens, empty. */
export function createTokens(): Tokens {
  const grants = new Map<string, Grant>();
  const challenges = new Map<string, string>();

  return {
    issue({ claims, roles = [writeScopes[0]], lifetimeMs = hourMs }) {
      const expiresOnTimestamp = Date.now() + lifetimeMs;
      const token = [
        encode({ typ: 'JWT', alg: 'RS256', kid: 'simulator' }),
        encode({
          aud: 'https://graph.microsoft.com',
          iat: Math.floor(Date.now() / 1000),
          exp: Math.floor(expiresOnTimestamp / 1000),
          appid: '5a1b0000-0000-4000-8000-00000000a991',
          tid: '5a1b0000-0000-4000-8000-000000007e4a',
          jti: randomUUID(),
          roles,
          ...(claims === undefined ? {} : { xms_cc: ['cp1'] }),
        }),
        randomBytes(64).toString('base64url'),
      ].join('.');
      grants.set(token, { roles, expiresAt: expiresOnTimestamp });
      return { token, expiresOnTimestamp };
    },

    register(token, roles = [writeScopes[0]]) {
      grants.set(token, { roles, expiresAt: Number.POSITIVE_INFINITY });
    },

    challenge(request) {
      const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: String(Date.now()) } } });
      const token = bearer(request);
      if (token !== undefined) challenges.set(token, claims);
      return claimsChallenge(request, claims);
    },

    refusal(request) {
      const token = bearer(request);
      if (token === undefined) return unauthorized(request, 'Access token is empty.', plainChallenge);
      const grant = grants.get(token);
      if (grant === undefined) {
        return unauthorized(request, 'Access token validation failure. Invalid audience.', plainChallenge);
      }
      if (grant.expiresAt <= Date.now()) return expired(request);
      const claims = challenges.get(token);
      if (claims !== undefined) return claimsChallenge(request, claims);
      // A batch needs no permission of its own: its items do.
      const scopes: readonly string[] = request.method === 'GET' ? readScopes : writeScopes;
      const allowed = isBatch(request) || grant.roles.some((role) => scopes.includes(role));
      return allowed ? undefined : forbiddenApplication(request, scopes);
    },
  };
}

/** 401: the token's time is over. */
export function expired(request: GraphRequest): Answer {
  return unauthorized(request, 'Lifetime validation failed, the token is expired.', plainChallenge);
}

function claimsChallenge(request: GraphRequest, claims: string): Answer {
  const encoded = Buffer.from(claims).toString('base64');
  // Two challenges in one header and commas within values: both are legal (RFC 9110, 11.6.1).
  const challenge =
    `PoP realm="simulator, other", authorization_uri="${authorizationUri}", ` +
    `${plainChallenge}, error="insufficient_claims", claims="${encoded}"`;
  return unauthorized(request, 'Continuous access evaluation resulted in challenge.', challenge);
}

function bearer(request: GraphRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
